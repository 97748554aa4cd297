"""Every address. A page lives in the lowest app that knows all it shows; its name stays that of
the object, which is why two apps may add to one namespace here."""

from django.contrib import admin
from django.urls import include, path

import initiatives.urls
import notifications.urls
import portfolio.urls
import reviews.urls

handler400 = "portfolio.views.errors.bad_request"
handler403 = "portfolio.views.errors.forbidden"
handler404 = "portfolio.views.errors.not_found"
handler500 = "portfolio.views.errors.server_error"

initiative_pages = (
    initiatives.urls.urlpatterns + reviews.urls.initiative_pages + portfolio.urls.initiative_pages
)
campaign_pages = portfolio.urls.campaign_pages + notifications.urls.campaign_pages

urlpatterns = [
    path("", include((portfolio.urls.portfolio_pages, "portfolio"))),
    path("initiatives/", include((initiative_pages, "initiatives"))),
    path("reviews/", include((reviews.urls.urlpatterns, "reviews"))),
    path("policy/", include((reviews.urls.policy_pages, "policy"))),
    path("attention/", include((notifications.urls.urlpatterns, "notifications"))),
    path("my-work/mails/", include((notifications.urls.mail_pages, "mails"))),
    path("people/", include((portfolio.urls.people_pages, "people"))),
    path("campaign/", include((campaign_pages, "campaign"))),
    path("calendar/", include((notifications.urls.calendar_pages, "calendar"))),
    path("accounts/", include("accounts.urls")),
    path("admin/", admin.site.urls),
    path("", include(portfolio.urls.health_pages)),
]
