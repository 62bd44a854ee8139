"""Addresses under `/api/auth/`."""

from django.urls import path

from apps.users.views import accounts, api_tokens

urlpatterns = [
    path("register/", accounts.RegistrationView.as_view()),
    path("token/", accounts.TokenView.as_view()),
    path("token/refresh/", accounts.RefreshView.as_view()),
    path("guest/", accounts.GuestView.as_view()),
    path("logout/", accounts.SignOutView.as_view()),
    path("me/", accounts.AccountView.as_view()),
    path("api-tokens/", api_tokens.ApiTokensView.as_view()),
    path("api-tokens/exchange/", api_tokens.ExchangeView.as_view()),
    path("api-tokens/<int:pk>/", api_tokens.ApiTokenView.as_view()),
]
