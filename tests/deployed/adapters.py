"""Everything in which the deployed copy differs from `template.yaml`, and why."""

import string

from template import of_type

# What the local AWS cannot make. The list is exact: a kind that is not in the template, or that can
# be made after all, fails the run, and so does a resource that can neither be made nor is listed.
LEFT_OUT = {
    "AWS::Backup::BackupSelection": "it does not know the type",
    "AWS::CloudWatch::CompositeAlarm": "it does not know the type",
    "AWS::CodeDeploy::Application": "it does not know the type: new code is live immediately",
    "AWS::CodeDeploy::DeploymentGroup": "as its application",
    "AWS::Events::EventBusPolicy": "it does not know the type",
    "AWS::CloudWatch::Alarm with Metrics": "its alarms know one metric, not an expression over several",
}

# The AWS services that the functions call. Each has a variable for its endpoint.
CALLED = ("DYNAMODB", "EVENTBRIDGE", "SECRETS_MANAGER")


def kind(resource):
    """The name of a resource in LEFT_OUT: its type, and whether it is an alarm over an expression."""
    if resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]:
        return "AWS::CloudWatch::Alarm with Metrics"
    return resource["Type"]


def adapt(template, endpoint, kept=()):
    """Applies all adapters to an expanded template; returns the kinds that were left out.

    `endpoint` is the local AWS; `kept` are kinds of LEFT_OUT that are kept nevertheless.
    """
    expand_routes(template)
    point_to_local_aws(template, endpoint)
    set_log_format(template)
    exclude_punctuation(template)
    rename_duplicate_start_error(template)
    disable_schedules(template)
    return leave_out(template, kept)


def expand_routes(template):
    """Replaces an API's `Body`, which the local CloudFormation ignores, by resources: one authorizer,
    and an integration and a route for each operation."""
    resources = template["Resources"]
    for api, resource in of_type(template, "AWS::ApiGatewayV2::Api").items():
        body = resource["Properties"].pop("Body")
        resource["Properties"] = {
            "Name": api,
            "ProtocolType": "HTTP",
            "CorsConfiguration": body["x-amazon-apigateway-cors"],
        }
        for name, scheme in body["components"]["securitySchemes"].items():
            resources[f"{api}{name}"] = authorizer(api, name, scheme["x-amazon-apigateway-authorizer"])
        for path, methods in body["paths"].items():
            for method, operation in methods.items():
                expand_route(resources, api, f"{method.upper()} {path}", operation)


def authorized_routes(template):
    """The routes of an expanded template, as `GET /v1/link`, that its authorizer guards."""
    bodies = [api["Properties"]["Body"] for api in of_type(template, "AWS::ApiGatewayV2::Api").values()]
    return [
        f"{method.upper()} {path}"
        for body in bodies
        for path, methods in body["paths"].items()
        for method, operation in methods.items()
        if authorizers(operation)
    ]


def authorizers(operation):
    """The authorizers of a route with their scopes."""
    return [item for entry in operation.get("security", []) for item in entry.items()]


def authorizer(api, name, scheme):
    source = scheme["identitySource"]
    return {
        "Type": "AWS::ApiGatewayV2::Authorizer",
        "Properties": {
            "ApiId": {"Ref": api},
            "AuthorizerType": "JWT",
            "Name": name,
            "IdentitySource": [source] if isinstance(source, str) else source,
            "JwtConfiguration": {
                "Issuer": scheme["jwtConfiguration"]["issuer"],
                "Audience": scheme["jwtConfiguration"]["audience"],
            },
        },
    }


def expand_route(resources, api, key, operation):
    name = api + "".join(word for word in key if word.isalnum())
    integration = operation["x-amazon-apigateway-integration"]
    resources[f"{name}Integration"] = {
        "Type": "AWS::ApiGatewayV2::Integration",
        "Properties": {
            "ApiId": {"Ref": api},
            "IntegrationType": integration["type"].upper(),
            "IntegrationMethod": integration["httpMethod"],
            "IntegrationUri": integration["uri"],
            "PayloadFormatVersion": integration["payloadFormatVersion"],
        },
    }
    resources[f"{name}Route"] = {
        "Type": "AWS::ApiGatewayV2::Route",
        "Properties": {
            "ApiId": {"Ref": api},
            "RouteKey": key,
            "Target": {"Fn::Sub": f"integrations/${{{name}Integration}}"},
            **authorization(api, operation),
        },
    }


def authorization(api, operation):
    match authorizers(operation):
        case []:
            return {"AuthorizationType": "NONE"}
        case [(name, scopes)]:
            return {
                "AuthorizationType": "JWT",
                "AuthorizerId": {"Ref": f"{api}{name}"},
                "AuthorizationScopes": scopes,
            }


def point_to_local_aws(template, endpoint):
    """Adds the endpoint to the functions' variables, which the local AWS does not set. Ingest has a
    separate parameter, so that a test can make its table unreachable for a while."""
    template["Parameters"] |= {
        "LocalAws": {"Type": "String", "Default": endpoint},
        "LocalAwsOfIngest": {"Type": "String", "Default": endpoint},
    }
    for name, function in of_type(template, "AWS::Lambda::Function").items():
        where = {"Ref": "LocalAwsOfIngest" if name == "Ingest" else "LocalAws"}
        variables = function["Properties"]["Environment"]["Variables"]
        variables |= {f"AWS_ENDPOINT_URL_{service}": where for service in CALLED}


def set_log_format(template):
    """Sets the two variables of the log format, which AWS sets and the local AWS does not."""
    for function in of_type(template, "AWS::Lambda::Function").values():
        wanted = function["Properties"]["LoggingConfig"]
        function["Properties"]["Environment"]["Variables"] |= {
            "AWS_LAMBDA_LOG_FORMAT": wanted["LogFormat"],
            "AWS_LAMBDA_LOG_LEVEL": wanted["ApplicationLogLevel"],
        }


def exclude_punctuation(template):
    """Its CloudFormation ignores `ExcludePunctuation` of a generated secret, and a comma in it would
    make two keys of one. It does know which characters to leave out."""
    for secret in of_type(template, "AWS::SecretsManager::Secret").values():
        generated = secret["Properties"]["GenerateSecretString"]
        if generated.pop("ExcludePunctuation", False):
            generated["ExcludeCharacters"] = string.punctuation


def rename_duplicate_start_error(template):
    """Uses the shorter name that the local AWS has for the error of an existing execution."""
    for machine in of_type(template, "AWS::StepFunctions::StateMachine").values():
        lines = machine["Properties"]["DefinitionString"]["Fn::Join"][1]
        name = "StepFunctions.ExecutionAlreadyExistsException"
        lines[:] = [line.replace(name, "ExecutionAlreadyExists") for line in lines]


def disable_schedules(template):
    """Disables schedules until a test has filled in the time (`nights.py`): the local scheduler passes
    `<aws.scheduler.scheduled-time>` unchanged."""
    for schedule in of_type(template, "AWS::Scheduler::Schedule").values():
        schedule["Properties"]["State"] = "DISABLED"


def leave_out(template, kept):
    """Removes the kinds of LEFT_OUT and the update policies of aliases, which need CodeDeploy; returns
    the kinds that were found."""
    found = set()
    for alias in of_type(template, "AWS::Lambda::Alias").values():
        alias.pop("UpdatePolicy", None)
    for name, resource in list(template["Resources"].items()):
        if kind(resource) in LEFT_OUT and kind(resource) not in kept:
            found.add(kind(resource))
            del template["Resources"][name]
    return found
