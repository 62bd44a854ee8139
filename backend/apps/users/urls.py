"""Addresses under `/api/auth/`."""

from django.urls import path

from apps.users import views

urlpatterns = [
    path("register/", views.RegistrationView.as_view()),
    path("token/", views.TokenView.as_view()),
    path("token/refresh/", views.RefreshView.as_view()),
    path("guest/", views.GuestView.as_view()),
    path("logout/", views.SignOutView.as_view()),
    path("me/", views.AccountView.as_view()),
]
