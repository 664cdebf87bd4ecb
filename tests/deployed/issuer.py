"""The issuer of access tokens: a user pool of the local AWS, with real RS256 signatures."""

from template import REGION

PASSWORD = "Only-4-this-run"


class Issuer:
    """A user pool with one application, whose id is the tokens' audience."""

    def __init__(self, aws, name):
        self.cognito = aws.client("cognito-idp")
        self.pool = self.cognito.create_user_pool(PoolName=name)["UserPool"]["Id"]
        self.url = f"https://cognito-idp.{REGION}.amazonaws.com/{self.pool}"
        self.audience = self.application("programme")

    def application(self, name):
        made = self.cognito.create_user_pool_client(
            UserPoolId=self.pool, ClientName=name, ExplicitAuthFlows=["ADMIN_USER_PASSWORD_AUTH"]
        )
        return made["UserPoolClient"]["ClientId"]

    def user(self, name):
        """Makes a user; answers the `sub` of his tokens, which is his uid at the exchange."""
        found = self.cognito.admin_create_user(
            UserPoolId=self.pool, Username=name, MessageAction="SUPPRESS"
        )
        self.cognito.admin_set_user_password(
            UserPoolId=self.pool, Username=name, Password=PASSWORD, Permanent=True
        )
        attributes = {a["Name"]: a["Value"] for a in found["User"]["Attributes"]}
        return attributes["sub"]

    def token(self, name, application=None):
        """An access token, good for an hour of the local AWS's clock."""
        answer = self.cognito.admin_initiate_auth(
            UserPoolId=self.pool,
            ClientId=application or self.audience,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )
        return answer["AuthenticationResult"]["AccessToken"]
