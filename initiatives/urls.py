"""Addresses of registering and mending an initiative."""

from django.urls import path

from initiatives.views import (
    charter,
    describing,
    documents,
    findings,
    importing,
    obligations,
    owners,
    suspending,
)

urlpatterns = [
    path("import/", importing.Import.as_view(), name="import"),
    path("import/<int:pk>/", importing.UploadPage.as_view(), name="upload"),
    path("import/<int:pk>/discard/", importing.Discard.as_view(), name="discard_upload"),
    path("register/", describing.Register.as_view(), name="register"),
    path("register/similar/", describing.Similar.as_view(), name="similar"),
    path("<int:pk>/edit/<slug:part>/", describing.Edit.as_view(), name="edit"),
    path("<int:pk>/restrict/", describing.Restrict.as_view(), name="restrict"),
    path("<int:pk>/owners/<slug:role>/", owners.AskOwner.as_view(), name="ask"),
    path("ownerships/<int:pk>/answer/", owners.AnswerOwnership.as_view(), name="answer_ownership"),
    path("<int:pk>/metrics/", charter.DefineMetric.as_view(), name="define_metric"),
    path("<int:pk>/metrics/<int:metric_pk>/", charter.DefineMetric.as_view(), name="change_metric"),
    path("<int:pk>/metrics/<int:metric_pk>/measure/", charter.Measure.as_view(), name="measure"),
    path("<int:pk>/kill-conditions/", charter.AddKillCondition.as_view(), name="kill_condition"),
    path(
        "kill-conditions/<int:pk>/remove/",
        charter.RemoveKillCondition.as_view(),
        name="remove_kill_condition",
    ),
    path("documents/<int:pk>/", documents.OpenDocument.as_view(), name="document"),
    path("<int:pk>/questions/", findings.RaiseQuestion.as_view(), name="raise_question"),
    path("questions/<int:pk>/", findings.ChangeQuestion.as_view(), name="change_question"),
    path("questions/<int:pk>/close/", findings.CloseQuestion.as_view(), name="close_question"),
    path(
        "<int:pk>/evaluation-set/",
        findings.DescribeEvaluationSet.as_view(),
        name="describe_evaluation_set",
    ),
    path(
        "<int:pk>/messy-set/",
        findings.DescribeEvaluationSet.as_view(is_messy=True),
        name="describe_messy_set",
    ),
    path("<int:pk>/evaluations/", findings.RecordRun.as_view(), name="record_run"),
    path(
        "<int:pk>/messy-evaluations/",
        findings.RecordRun.as_view(is_messy=True),
        name="record_messy_run",
    ),
    path("<int:pk>/watch/", findings.WatchMetric.as_view(), name="watch_metric"),
    path(
        "ownerships/<int:pk>/confirm/",
        owners.ConfirmOwnership.as_view(),
        name="confirm_ownership",
    ),
    path(
        "obligations/<int:pk>/confirm/",
        obligations.ConfirmObligation.as_view(),
        name="confirm_obligation",
    ),
    path("<int:pk>/off/", suspending.ConfirmOff.as_view(), name="confirm_off"),
    path("<int:pk>/spend/", charter.RecordSpend.as_view(), name="spend"),
]
