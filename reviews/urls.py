"""Addresses of answering, reviewing, signing and deciding."""

from django.urls import path

from reviews import triage_views, views

urlpatterns = [
    path("<int:pk>/", views.ReviewDetail.as_view(), name="detail"),
    path("<int:pk>/withdraw/", views.Withdraw.as_view(), name="withdraw"),
    path("slots/<int:pk>/sign/", views.Sign.as_view(), name="sign"),
    path("of/<int:pk>/request/", views.RequestReview.as_view(), name="request"),
    path("of/<int:pk>/decide/<slug:kind>/", views.Decide.as_view(), name="decide"),
    path("of/<int:pk>/answer/<slug:criterion>/", views.Answer.as_view(), name="answer"),
]

# Pages of an initiative that say what the policy makes of its answers.
initiative_pages = [
    path("<int:pk>/documents/", views.Documents.as_view(), name="add_document"),
    path("triage/", triage_views.TriageQueue.as_view(), name="triage_queue"),
    path("<int:pk>/triage/", triage_views.AnswerTriage.as_view(), name="triage"),
    path("<int:pk>/triage/confirm/", triage_views.ConfirmTriage.as_view(), name="confirm_triage"),
]
