"""Addresses of registering and mending an initiative."""

from django.urls import path

from initiatives import document_views, views

urlpatterns = [
    path("register/", views.Register.as_view(), name="register"),
    path("<int:pk>/edit/<slug:part>/", views.Edit.as_view(), name="edit"),
    path("<int:pk>/restrict/", views.Restrict.as_view(), name="restrict"),
    path("<int:pk>/triage/", views.AnswerTriage.as_view(), name="triage"),
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
    path("<int:pk>/spend/", views.RecordSpend.as_view(), name="spend"),
]
