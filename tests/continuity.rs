//! Compares backups, their roles and messages, and the stack policy with each other.

use std::collections::BTreeSet;

use serde_json::Value;

const TEMPLATE: &str = include_str!("../template.yaml");
const POLICY: &str = include_str!("../stack-policy.json");

/// Tags such as `!Ref` are dropped: the name of the referenced resource remains as text.
fn resources() -> Value {
    let template: Value = serde_saphyr::from_str(TEMPLATE).unwrap();
    template["Resources"].clone()
}

#[test]
fn restores_have_separate_role() {
    let all = resources();
    let role_of_jobs = &all["BackupSelection"]["Properties"]["BackupSelection"]["IamRoleArn"];
    assert_eq!(role_of_jobs, "BackupRole.Arn");
    for (id, policy) in [("BackupRole", "ForBackup"), ("RestoreRole", "ForRestores")] {
        let role = &all[id];
        assert_eq!(role["Condition"], "IsProduction", "{id}");
        let [only] = role["Properties"]["ManagedPolicyArns"].as_array().unwrap().as_slice() else {
            panic!("{id} has several policies");
        };
        let name = format!("service-role/AWSBackupServiceRolePolicy{policy}");
        assert!(only.as_str().unwrap().ends_with(&name), "{id}: {only}");
    }
}

#[test]
fn failed_backup_notifies() {
    let all = resources();
    let rule = &all["BackupFailed"];
    assert_eq!(rule["Condition"], all["BackupPlan"]["Condition"]);
    assert_eq!(rule["Properties"]["Targets"][0]["Arn"], "AlarmTopic");
    let pattern = &rule["Properties"]["EventPattern"]["detail"];
    let backed_up = &all["BackupSelection"]["Properties"]["BackupSelection"]["Resources"];
    assert_eq!(pattern["resourceArn"], *backed_up);
    let states = pattern["state"].as_array().unwrap();
    assert!(["FAILED", "EXPIRED"].iter().all(|state| states.contains(&Value::from(*state))));
    let statements = &all["AlarmTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"];
    let allowed = statements.as_array().unwrap().iter().any(|statement| {
        // A statement under a condition is the second of three values.
        let statement = statement.get(1).unwrap_or(statement);
        statement["Condition"]["ArnEquals"]["aws:SourceArn"] == "BackupFailed.Arn"
    });
    assert!(allowed, "the rule may not publish to the topic");
}

/// The resources that the stack policy protects from an action.
fn protected_from(action: &str) -> BTreeSet<String> {
    let policy: Value = serde_json::from_str(POLICY).unwrap();
    let names = |statement: &Value| -> Vec<String> {
        let names = statement["Resource"].as_array().unwrap().iter();
        let name = |one: &Value| one.as_str().unwrap().replace("LogicalResourceId/", "");
        names.map(name).collect()
    };
    let denies = |statement: &&Value| {
        statement["Effect"] == "Deny" && statement["Action"].to_string().contains(action)
    };
    let statements = policy["Statement"].as_array().unwrap();
    statements.iter().filter(denies).flat_map(names).collect()
}

#[test]
fn stack_policy_protects_data() {
    let all = resources();
    let (replaced, deleted) = (protected_from("Update:Replace"), protected_from("Update:Delete"));
    assert!(deleted.is_subset(&replaced));
    for name in &replaced {
        assert!(all.get(name).is_some(), "the template has no {name}");
    }
    for (id, resource) in all.as_object().unwrap() {
        let kind = resource["Type"].as_str().unwrap();
        let holds_data = resource["DeletionPolicy"] == "Retain"
            || ["AWS::SecretsManager::Secret", "AWS::Logs::LogGroup", "AWS::SQS::Queue"]
                .contains(&kind);
        assert!(!holds_data || replaced.contains(id), "{id} may be replaced");
        // An option that is switched off removes what it added.
        let is_optional = resource.get("Condition").is_some_and(|one| one != "IsProduction");
        assert_eq!(deleted.contains(id), replaced.contains(id) && !is_optional, "{id}");
    }
}
