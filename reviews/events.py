"""What happened on the way through the gates, as sentences."""

SENTENCES = {
    "review.requested": "{who} asked for the {gate} review",
    "review.signed": "{who} signed the {gate} review: {verdict}",
    "review.evidence_changed": "The evidence of the {gate} review changed; signatures on it lapsed",
    "review.withdrawn": "{who} withdrew the {gate} review. {reason}",
    "review.exported": "{who} took the decision pack of the {gate} review away ({form})",
    "policy.draft_started": "{who} began a draft from policy version {version}",
    "policy.draft_saved": "{who} changed the draft of the policy",
    "policy.draft_imported": "{who} put another text into the draft of the policy",
    "policy.draft_discarded": "{who} discarded the draft of the policy",
    "policy.published": "{who} published policy version {version}: {reason}",
    "decision.made": "{who} decided: {decision}. {reason}",
}
