"""Addresses of answering, reviewing, signing and deciding."""

from django.urls import path

from reviews import (
    dry_run_views,
    overriding_views,
    pack_views,
    policy_editing_views,
    policy_views,
    rebaselining_views,
    signing_views,
    triage_views,
    views,
)

urlpatterns = [
    path("<int:pk>/", views.ReviewDetail.as_view(), name="detail"),
    path("<int:pk>/withdraw/", views.Withdraw.as_view(), name="withdraw"),
    path("<int:pk>/ask/", signing_views.Ask.as_view(), name="ask"),
    path("questions/<int:pk>/", signing_views.AnswerQuestion.as_view(), name="answer_question"),
    path("<int:pk>/override/", overriding_views.AskForOverride.as_view(), name="override"),
    path("overrides/<int:pk>/sign/", overriding_views.Countersign.as_view(), name="countersign"),
    path("overrides/<int:pk>/decline/", overriding_views.Decline.as_view(), name="decline"),
    path("kill-conditions/<int:pk>/waive/", overriding_views.Waive.as_view(), name="waive"),
    path("<int:pk>/pack.<slug:form>", pack_views.DecisionPack.as_view(), name="pack"),
    path("slots/<int:pk>/sign/", views.Sign.as_view(), name="sign"),
    path("slots/<int:pk>/take-back/", signing_views.TakeBack.as_view(), name="take_back"),
    path("slots/<int:pk>/hand-on/", signing_views.HandOn.as_view(), name="hand_on"),
    path("slots/<int:pk>/appoint/", signing_views.Appoint.as_view(), name="appoint"),
    path("delegations/<int:pk>/end/", signing_views.EndDelegation.as_view(), name="end_delegation"),
    path("receipts/<int:pk>/", signing_views.Receipt.as_view(), name="receipt"),
    path("of/<int:pk>/request/", views.RequestReview.as_view(), name="request"),
    path("of/<int:pk>/endorse/", signing_views.Endorse.as_view(), name="endorse"),
    path(
        "of/<int:pk>/rebaseline/", rebaselining_views.ProposeBaseline.as_view(), name="rebaseline"
    ),
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

policy_pages = [
    path("", policy_views.ReadPolicy.as_view(), name="current"),
    path("<int:version>/", policy_views.ReadPolicy.as_view(), name="version"),
    path("<int:version>/policy.toml", policy_views.PolicyText.as_view(), name="text"),
    path("difference/", policy_views.Difference.as_view(), name="differences"),
    path(
        "difference/<int:before>/<int:after>/", policy_views.Difference.as_view(), name="difference"
    ),
    path("draft/", policy_views.DraftPage.as_view(), name="draft"),
    path("draft/start/", policy_views.StartDraft.as_view(), name="start"),
    path("draft/read/", policy_views.ReadDraft.as_view(), name="read_draft"),
    path("draft/policy.toml", policy_views.DraftText.as_view(), name="draft_text"),
    path("draft/edit/", policy_views.EditText.as_view(), name="edit_text"),
    path("draft/import/", policy_views.ImportText.as_view(), name="import"),
    path("draft/discard/", policy_views.Discard.as_view(), name="discard"),
    path("draft/publish/", policy_views.Publish.as_view(), name="publish"),
    path("draft/dry-run/", dry_run_views.DryRunPage.as_view(), name="dry_run"),
    path("draft/dry-run/reviews/", dry_run_views.DryRunReviews.as_view(), name="dry_run_reviews"),
    path("draft/dry-run/<str:what>/", dry_run_views.DryRunList.as_view(), name="dry_run_list"),
    path("draft/forms/", policy_editing_views.Forms.as_view(), name="forms"),
    path("draft/forms/limits/", policy_editing_views.ChangeLimits.as_view(), name="limits"),
    path(
        "draft/forms/<slug:gate>/people/",
        policy_editing_views.ChangePeople.as_view(),
        name="people",
    ),
    path(
        "draft/forms/<slug:gate>/criteria/add/",
        policy_editing_views.AddCriterion.as_view(),
        name="add_criterion",
    ),
    path(
        "draft/forms/<slug:gate>/slots/add/",
        policy_editing_views.AddSlot.as_view(),
        name="add_slot",
    ),
    path(
        "draft/forms/<slug:gate>/criteria/<slug:key>/",
        policy_editing_views.ChangeCriterion.as_view(),
        name="criterion",
    ),
    path(
        "draft/forms/<slug:gate>/slots/<slug:key>/",
        policy_editing_views.ChangeSlot.as_view(),
        name="slot",
    ),
    path(
        "draft/forms/<slug:gate>/criteria/<slug:key>/ask/",
        policy_editing_views.AddQuestion.as_view(),
        name="add_question",
    ),
    path(
        "draft/forms/<slug:gate>/criteria/<slug:key>/<slug:field>/",
        policy_editing_views.ChangeQuestion.as_view(),
        name="question",
    ),
    path("draft/arrange/", policy_editing_views.Arrange.as_view(), name="arrange"),
]
