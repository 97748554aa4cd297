"""Addresses of answering, reviewing, signing and deciding."""

from django.urls import path

from reviews import views

initiative_pages = [
    path("<int:pk>/documents/", views.Documents.as_view(), name="add_document"),
]
urlpatterns = [
    path("<int:pk>/", views.ReviewDetail.as_view(), name="detail"),
    path("slots/<int:pk>/sign/", views.Sign.as_view(), name="sign"),
    path("of/<int:pk>/request/", views.RequestReview.as_view(), name="request"),
    path("of/<int:pk>/decide/<slug:kind>/", views.Decide.as_view(), name="decide"),
    path("of/<int:pk>/answer/<slug:criterion>/", views.Answer.as_view(), name="answer"),
]
