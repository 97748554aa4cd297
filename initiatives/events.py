"""What happened to an initiative, as sentences: `{who}` is the actor, `{person}` the one named."""

SENTENCES = {
    "initiative.registered": "{who} registered this initiative",
    "initiative.declared": "{who} declared it as running ({stage})",
    "initiative.imported": "{who} imported it ({stage})",
    "initiative.import_updated": "{who} imported a newer edition: {fields} changed",
    "initiative.edited": "{who} changed {fields}",
    "initiative.restricted": "{who} restricted it to those who hold a role",
    "initiative.opened": "{who} opened it to everybody",
    "initiative.triaged": "{who} answered the eight questions: {level} level",
    "initiative.triage_confirmed": "{who} confirmed {level} level, legal class {legal_class}",
    "initiative.triage_decided": "{who} set {level} level, legal class {legal_class}: {because}",
    "initiative.confirmation_withdrawn": (
        "{who} changed what compliance had confirmed: {level} level and legal class {legal_class} "
        "stay in force until compliance confirms again ({computed} and {proposed} are computed)"
    ),
    "initiative.level_kept": (
        "{level} level and legal class {legal_class} stay in force, though {computed} and "
        "{proposed} are computed now: only compliance lowers them"
    ),
    "initiative.suspended": "{who} suspended it: {reason}",
    "initiative.off_confirmed": "{who} confirmed that it is off",
    "ownership.asked": "{who} asked {person} to be {role}",
    "ownership.accepted": "{person} accepted to be {role}",
    "ownership.declined": "{person} declined to be {role}",
    "ownership.ended": "{who} took {person} out of the role {role}",
    "ownership.confirmed": "{person} confirmed to be {role} still",
    "metric.defined": "{who} defined the metric {metric}",
    "metric.changed": "{who} changed the metric {metric}",
    "metric.watched": "{who} named {person} to be paged about {metric}",
    "measurement.recorded": "{who} recorded {words} for {metric}",
    "measurement.corrected": "{who} corrected a measurement of {metric} to {words}",
    "kill_condition.added": "{who} agreed on a kill condition: {condition}",
    "kill_condition.removed": "{who} removed a kill condition: {condition}",
    "kill_condition.tripped": "A kill condition tripped: {condition}; {because}",
    "question.raised": "{who} raised a question: {question}",
    "question.changed": "{who} changed the question: {question}",
    "question.closed": "{who} closed the question: {question} {answer}",
    "evaluation.described": "{who} described the evaluation set {set}",
    "evaluation.recorded": "{who} recorded an evaluation of {version} on {set}: {words}",
    "document.added": "{who} added the document “{name}”",
    "evidence.recorded": "{who} answered “{criterion}”",
    "spend.recorded": "{who} recorded spend of {amount}",
    "campaign.counting_started": "{who} started the campaign: deadlines count from now on",
    "inventory.uploaded": "{who} uploaded {file}",
    "inventory.discarded": "{who} discarded {file}",
    "inventory.import_started": "{who} started the import of {file}",
    "mapping.saved": "{who} saved the mapping {name}",
    "initiatives.exported": "{who} exported {count} initiatives",
    "inventory.imported": "{who} imported {file}: {created} created, {updated} updated",
}
