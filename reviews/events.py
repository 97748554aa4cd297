"""What happened on the way through the gates, as sentences."""

SENTENCES = {
    "review.requested": "{who} asked for the {gate} review",
    "review.signed": "{who} signed the {gate} review: {verdict}",
    "review.handed_on": "{who} handed on the {gate} signature “{slot}” to {person}: {reason}",
    "review.acting_appointed": (
        "{who} appointed {person} to sign “{slot}” of the {gate} review: {reason}"
    ),
    "review.delegation_ended": "{who} ended that {person} signs “{slot}” of the {gate} review",
    "review.question_asked": "{who} asked {person} about the {gate} review: {question}",
    "review.question_answered": "{who} answered a question about the {gate} review: {answer}",
    "review.question_handed_over": (
        "{person} took over the answer to a question about the {gate} review: {question}"
    ),
    "review.evidence_changed": "The evidence of the {gate} review changed: signatures are stale",
    "review.withdrawn": "{who} withdrew the {gate} review. {reason}",
    "override.asked": "{who} asked to set aside until {until}: {criteria}. {reason}",
    "override.countersigned": "{who} signed the override until {until} of: {criteria}",
    "override.declined": "{who} refused, or took back, the override of: {criteria}. {reason}",
    "override.regularised": "What was set aside at the {gate} gate is met: the override is over",
    "override.ended": "The override at the {gate} gate ended: {reason}",
    "review.exported": "{who} took the decision pack of the {gate} review away ({form})",
    "policy.draft_started": "{who} began a draft from policy version {version}",
    "policy.draft_saved": "{who} changed the draft of the policy",
    "policy.draft_imported": "{who} put another text into the draft of the policy",
    "policy.draft_discarded": "{who} discarded the draft of the policy",
    "policy.published": "{who} published policy version {version}: {reason}",
    "statement.endorsed": "{who} signed as the new sponsor: {statement}",
    "hand_over.asked": "{who} asked {person} to take over what somebody owns",
    "hand_over.accepted": "{person} took over what somebody owned",
    "hand_over.declined": "{person} declined to take over what somebody owns: {reason}",
    "hand_over.withdrawn": "{who} took back what {person} was asked to take over",
    "retirement.asked": "{who} said that it is dead, to be retired: {reason}",
    "retirement.declined": "{who} kept it, which was said to be dead: {reason}",
    "decision_date.agreed": "{who} agreed to decide on it by {until}, not by {due}",
    "decision.made": "{who} decided: {decision}. {reason}",
}
