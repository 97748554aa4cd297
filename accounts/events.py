"""What happened to people, as sentences: `{who}` is the actor, the rest the event's own words."""

SENTENCES = {
    "person.created": "{who} added {name}",
    "person.edited": "{who} changed a person: {fields}",
    "person.deputy_named": "{who} named {person} as deputy",
    "person.deactivated": "{who} deactivated a person",
    "person.reactivated": "{who} reactivated a person",
    "person.leaving": "{who} recorded that {person} leaves, with {day} as the last day",
    "person.staying": "{who} took back that {person} leaves",
    "person.signed_in": "{who} signed in by {method}",
    "group.joined": "{who} put a person into {group}",
    "group.left": "{who} took a person out of {group}",
    "group.added": "{who} added the group {name}",
    "group.renamed": "{who} renamed the group {group} to {name}",
    "unit.added": "{who} added the unit {name}",
    "unit.edited": "{who} changed a unit: {fields}",
}
