"""The issuer of access tokens: a Cognito user pool, with real RS256 signatures."""

PASSWORD = "Only-4-this-run"


class Issuer:
    """A user pool with one application, whose id is the tokens' audience."""

    def __init__(self, aws, name):
        self.cognito = aws.client("cognito-idp")
        self.pool = self.cognito.create_user_pool(PoolName=name)["UserPool"]["Id"]
        self.url = f"https://cognito-idp.{aws.region}.amazonaws.com/{self.pool}"
        self.audience = self.application("programme")
        aws.remove_later(self.remove)

    def remove(self):
        self.cognito.delete_user_pool(UserPoolId=self.pool)

    def application(self, name):
        made = self.cognito.create_user_pool_client(
            UserPoolId=self.pool, ClientName=name, ExplicitAuthFlows=["ADMIN_USER_PASSWORD_AUTH"]
        )
        return made["UserPoolClient"]["ClientId"]

    def user(self, name):
        """Creates a user; returns the `sub` of the user's tokens, which is the uid at the exchange."""
        found = self.cognito.admin_create_user(
            UserPoolId=self.pool, Username=name, MessageAction="SUPPRESS"
        )
        self.cognito.admin_set_user_password(
            UserPoolId=self.pool, Username=name, Password=PASSWORD, Permanent=True
        )
        attributes = {a["Name"]: a["Value"] for a in found["User"]["Attributes"]}
        return attributes["sub"]

    def token(self, name, application=None):
        """An access token, valid for an hour."""
        answer = self.cognito.admin_initiate_auth(
            UserPoolId=self.pool,
            ClientId=application or self.audience,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )
        return answer["AuthenticationResult"]["AccessToken"]
