"""What happened to people, as sentences: `{who}` is the actor, the rest the event's own words."""

SENTENCES = {
    "person.created": "{who} added {name}",
    "person.deactivated": "{who} deactivated a person",
    "person.reactivated": "{who} reactivated a person",
    "person.signed_in": "{who} signed in by {method}",
    "group.joined": "{who} put a person into {group}",
    "group.left": "{who} took a person out of {group}",
}
