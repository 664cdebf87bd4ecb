//! Compares backups with their roles and messages.

use serde_json::Value;

const TEMPLATE: &str = include_str!("../template.yaml");

/// Tags such as `!Ref` are dropped: the name of the referenced resource remains as text.
fn resources() -> Value {
    let template: Value = serde_saphyr::from_str(TEMPLATE).unwrap();
    template["Resources"].clone()
}

#[test]
fn backups_and_restores_have_separate_roles() {
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
