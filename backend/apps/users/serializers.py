"""The JSON forms of accounts and tokens."""

from typing import Any

from rest_framework import serializers
from typing_extensions import override

from apps.users.models import TOKEN_NAME_CHARS_MAX, ApiToken, User
from apps.users.scopes import SCOPE_CHOICES

PASSWORD_CHARS_MAX = 128
CODE_CHARS_MAX = 32


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
    """A user name or an e-mail address, the password, and a code where the account asks for it."""

    username = serializers.CharField(required=False, max_length=254)
    email = serializers.CharField(required=False, max_length=254)
    password = serializers.CharField(max_length=PASSWORD_CHARS_MAX, trim_whitespace=False)
    code = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=CODE_CHARS_MAX,
        help_text="Of the second factor; an answer with `second-factor-required` asks for it.",
    )

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


class ScopesField(serializers.ListField):
    """What an API token is good for."""

    child = serializers.ChoiceField(choices=SCOPE_CHOICES)


class NewApiTokenSerializer(serializers.Serializer[Any]):
    """An API token that is to be made."""

    name = serializers.CharField(max_length=TOKEN_NAME_CHARS_MAX, help_text="What it is for.")
    scopes = ScopesField(min_length=1, max_length=len(SCOPE_CHOICES))
    expires_at = serializers.DateTimeField(
        required=False, help_text="At most a year from now; in 90 days if it is not given."
    )


class ApiTokenSerializer(serializers.ModelSerializer[ApiToken]):
    """An API token, as its owner sees it afterwards."""

    scopes = ScopesField(read_only=True)

    class Meta:
        model = ApiToken
        fields = ["id", "name", "scopes", "prefix", "created_at", "expires_at", "last_used_at"]
        read_only_fields = fields


class CreatedApiTokenSerializer(ApiTokenSerializer):
    """An API token, the once that it is shown."""

    token = serializers.CharField(read_only=True, help_text="Keep it: nobody can look it up.")

    class Meta(ApiTokenSerializer.Meta):
        fields = [*ApiTokenSerializer.Meta.fields, "token"]
        read_only_fields = fields


class RunTokenSerializer(serializers.Serializer[Any]):
    """What an API token is traded for."""

    access_token = serializers.CharField()
    token_type = serializers.CharField(default="Bearer")
    expires_in = serializers.IntegerField(source="expires_in_s", help_text="Seconds.")
