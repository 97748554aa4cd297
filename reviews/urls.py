"""Addresses of answering, reviewing, signing and deciding."""

from django.urls import path

from reviews.views import (
    answering,
    deciding,
    dry_run,
    overriding,
    packs,
    policy,
    policy_editing,
    rebaselining,
    review,
    signing,
    triage,
)

urlpatterns = [
    path("<int:pk>/", review.ReviewDetail.as_view(), name="detail"),
    path("<int:pk>/withdraw/", review.Withdraw.as_view(), name="withdraw"),
    path("<int:pk>/ask/", signing.Ask.as_view(), name="ask"),
    path("questions/<int:pk>/", signing.AnswerQuestion.as_view(), name="answer_question"),
    path("<int:pk>/override/", overriding.AskForOverride.as_view(), name="override"),
    path("overrides/<int:pk>/sign/", overriding.Countersign.as_view(), name="countersign"),
    path("overrides/<int:pk>/decline/", overriding.Decline.as_view(), name="decline"),
    path("kill-conditions/<int:pk>/waive/", overriding.Waive.as_view(), name="waive"),
    path("<int:pk>/pack.<slug:form>", packs.DecisionPack.as_view(), name="pack"),
    path("slots/<int:pk>/sign/", review.Sign.as_view(), name="sign"),
    path("slots/<int:pk>/take-back/", signing.TakeBack.as_view(), name="take_back"),
    path("slots/<int:pk>/hand-on/", signing.HandOn.as_view(), name="hand_on"),
    path("slots/<int:pk>/appoint/", signing.Appoint.as_view(), name="appoint"),
    path("delegations/<int:pk>/end/", signing.EndDelegation.as_view(), name="end_delegation"),
    path("receipts/<int:pk>/", signing.Receipt.as_view(), name="receipt"),
    path("of/<int:pk>/request/", review.RequestReview.as_view(), name="request"),
    path("of/<int:pk>/endorse/", signing.Endorse.as_view(), name="endorse"),
    path("of/<int:pk>/rebaseline/", rebaselining.ProposeBaseline.as_view(), name="rebaseline"),
    path("of/<int:pk>/decide/<slug:kind>/", deciding.Decide.as_view(), name="decide"),
    path("of/<int:pk>/answer/<slug:criterion>/", answering.Answer.as_view(), name="answer"),
]

# Pages of an initiative that say what the policy makes of its answers.
initiative_pages = [
    path("<int:pk>/documents/", answering.Documents.as_view(), name="add_document"),
    path("triage/", triage.TriageQueue.as_view(), name="triage_queue"),
    path("<int:pk>/triage/", triage.AnswerTriage.as_view(), name="triage"),
    path("<int:pk>/triage/confirm/", triage.ConfirmTriage.as_view(), name="confirm_triage"),
]

policy_pages = [
    path("", policy.ReadPolicy.as_view(), name="current"),
    path("<int:version>/", policy.ReadPolicy.as_view(), name="version"),
    path("<int:version>/policy.toml", policy.PolicyText.as_view(), name="text"),
    path("difference/", policy.Difference.as_view(), name="differences"),
    path("difference/<int:before>/<int:after>/", policy.Difference.as_view(), name="difference"),
    path("draft/", policy.DraftPage.as_view(), name="draft"),
    path("draft/start/", policy.StartDraft.as_view(), name="start"),
    path("draft/read/", policy.ReadDraft.as_view(), name="read_draft"),
    path("draft/policy.toml", policy.DraftText.as_view(), name="draft_text"),
    path("draft/edit/", policy.EditText.as_view(), name="edit_text"),
    path("draft/import/", policy.ImportText.as_view(), name="import"),
    path("draft/discard/", policy.Discard.as_view(), name="discard"),
    path("draft/publish/", policy.Publish.as_view(), name="publish"),
    path("draft/dry-run/", dry_run.DryRunPage.as_view(), name="dry_run"),
    path("draft/dry-run/reviews/", dry_run.DryRunReviews.as_view(), name="dry_run_reviews"),
    path("draft/dry-run/<str:what>/", dry_run.DryRunList.as_view(), name="dry_run_list"),
    path("draft/forms/", policy_editing.Forms.as_view(), name="forms"),
    path("draft/forms/limits/", policy_editing.ChangeLimits.as_view(), name="limits"),
    path(
        "draft/forms/<slug:gate>/people/",
        policy_editing.ChangePeople.as_view(),
        name="people",
    ),
    path(
        "draft/forms/<slug:gate>/criteria/add/",
        policy_editing.AddCriterion.as_view(),
        name="add_criterion",
    ),
    path(
        "draft/forms/<slug:gate>/slots/add/",
        policy_editing.AddSlot.as_view(),
        name="add_slot",
    ),
    path(
        "draft/forms/<slug:gate>/criteria/<slug:key>/",
        policy_editing.ChangeCriterion.as_view(),
        name="criterion",
    ),
    path(
        "draft/forms/<slug:gate>/slots/<slug:key>/",
        policy_editing.ChangeSlot.as_view(),
        name="slot",
    ),
    path(
        "draft/forms/<slug:gate>/criteria/<slug:key>/ask/",
        policy_editing.AddQuestion.as_view(),
        name="add_question",
    ),
    path(
        "draft/forms/<slug:gate>/criteria/<slug:key>/<slug:field>/",
        policy_editing.ChangeQuestion.as_view(),
        name="question",
    ),
    path("draft/arrange/", policy_editing.Arrange.as_view(), name="arrange"),
]
