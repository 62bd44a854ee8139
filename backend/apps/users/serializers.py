"""The JSON forms of accounts and tokens."""

from typing import Any

from rest_framework import serializers
from typing_extensions import override

from apps.users.models import User

PASSWORD_CHARS_MAX = 128


class UserSerializer(serializers.ModelSerializer[User]):
    """The account, as its owner sees it."""

    roles = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = User
        fields = ["id", "username", "email", "first_name", "last_name", "roles", "date_joined"]
        read_only_fields = fields


class RegistrationSerializer(serializers.Serializer[Any]):
    """A new account."""

    username = serializers.CharField(max_length=150)
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(max_length=PASSWORD_CHARS_MAX, trim_whitespace=False)


class SignInSerializer(serializers.Serializer[Any]):
    """A user name or an e-mail address, and the password."""

    username = serializers.CharField(required=False, max_length=254)
    email = serializers.CharField(required=False, max_length=254)
    password = serializers.CharField(max_length=PASSWORD_CHARS_MAX, trim_whitespace=False)

    @override
    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for one of the two names.

        Raises:
            ValidationError: There is none.
        """
        if not (attrs.get("username") or attrs.get("email")):
            raise serializers.ValidationError({"username": ["Give a username or an email."]})
        return attrs


class RefreshSerializer(serializers.Serializer[Any]):
    """A refresh token."""

    refresh_token = serializers.CharField(max_length=8192)


class GuestTokenSerializer(serializers.Serializer[Any]):
    """What a visitor without an account gets."""

    access_token = serializers.CharField()
    token_type = serializers.CharField(default="Bearer")
    expires_in = serializers.IntegerField(source="expires_in_s", help_text="Seconds.")
    uid = serializers.CharField(help_text="Whom the execution service takes the visitor for.")


class TokenPairSerializer(serializers.Serializer[Any]):
    """What a client gets for its password."""

    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.CharField(default="Bearer")
    expires_in = serializers.IntegerField(source="expires_in_s", help_text="Seconds.")
    user = UserSerializer()
