"""What happened to mails, as sentences: `{who}` is the actor, the rest the event's own words."""

SENTENCES = {
    "mails.chosen": "{who} chose how often to get mails: {topics}",
    "message.retried": "{who} had a mail sent again",
}
