"""Addresses of registering and mending an initiative."""

from django.urls import path

from initiatives import document_views, finding_views, import_views, views

urlpatterns = [
    path("import/", import_views.Import.as_view(), name="import"),
    path("import/<int:pk>/", import_views.UploadPage.as_view(), name="upload"),
    path("register/", views.Register.as_view(), name="register"),
    path("<int:pk>/edit/<slug:part>/", views.Edit.as_view(), name="edit"),
    path("<int:pk>/restrict/", views.Restrict.as_view(), name="restrict"),
    path("<int:pk>/owners/<slug:role>/", views.AskOwner.as_view(), name="ask"),
    path("ownerships/<int:pk>/answer/", views.AnswerOwnership.as_view(), name="answer_ownership"),
    path("<int:pk>/metrics/", views.DefineMetric.as_view(), name="define_metric"),
    path("<int:pk>/metrics/<int:metric_pk>/", views.DefineMetric.as_view(), name="change_metric"),
    path("<int:pk>/metrics/<int:metric_pk>/measure/", views.Measure.as_view(), name="measure"),
    path("<int:pk>/kill-conditions/", views.AddKillCondition.as_view(), name="kill_condition"),
    path(
        "kill-conditions/<int:pk>/remove/",
        views.RemoveKillCondition.as_view(),
        name="remove_kill_condition",
    ),
    path("documents/<int:pk>/", document_views.OpenDocument.as_view(), name="document"),
    path("<int:pk>/questions/", finding_views.RaiseQuestion.as_view(), name="raise_question"),
    path("questions/<int:pk>/", finding_views.ChangeQuestion.as_view(), name="change_question"),
    path("questions/<int:pk>/close/", finding_views.CloseQuestion.as_view(), name="close_question"),
    path(
        "<int:pk>/evaluation-set/",
        finding_views.DescribeEvaluationSet.as_view(),
        name="describe_evaluation_set",
    ),
    path(
        "<int:pk>/messy-set/",
        finding_views.DescribeEvaluationSet.as_view(is_messy=True),
        name="describe_messy_set",
    ),
    path("<int:pk>/evaluations/", finding_views.RecordRun.as_view(), name="record_run"),
    path(
        "<int:pk>/messy-evaluations/",
        finding_views.RecordRun.as_view(is_messy=True),
        name="record_messy_run",
    ),
    path("<int:pk>/watch/", finding_views.WatchMetric.as_view(), name="watch_metric"),
    path(
        "ownerships/<int:pk>/confirm/",
        finding_views.ConfirmOwnership.as_view(),
        name="confirm_ownership",
    ),
    path("<int:pk>/spend/", views.RecordSpend.as_view(), name="spend"),
]
