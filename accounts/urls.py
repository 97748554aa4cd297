"""The addresses of allauth that Gatehouse uses, under allauth's own names; the others, such as
changing one's e-mail address oneself, do not exist here."""

from allauth.account import urls

USED = {
    "account_login",
    "account_logout",
    "account_inactive",
    "account_signup",  # says that one comes in by invitation
    "account_reauthenticate",
    "account_change_password",
    "account_set_password",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
}

urlpatterns = [pattern for pattern in urls.urlpatterns if pattern.name in USED]
