"""What happened on the way through the gates, as sentences."""

SENTENCES = {
    "review.requested": "{who} asked for the {gate} review",
    "review.signed": "{who} signed the {gate} review: {verdict}",
    "review.evidence_changed": "The evidence of the {gate} review changed; signatures on it lapsed",
    "review.withdrawn": "{who} withdrew the {gate} review. {reason}",
    "decision.made": "{who} decided: {decision}. {reason}",
}
