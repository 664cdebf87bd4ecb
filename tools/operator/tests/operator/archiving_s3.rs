//! An archive in a bucket is the same as in a folder.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use archive::{ArchiveError, Store};
use archiving::{Mode, archive_day, restore_day};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region};
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use axum::routing::any;
use bytes::Bytes;
use operator::S3Archive;

use crate::archiving::{DAY, chunks, old};
use crate::support::run;
use crate::test_app::day;

/// The objects of a bucket by key.
#[derive(Default)]
struct Bucket {
    objects: BTreeMap<String, Bytes>,
    is_versioned: bool,
}

type Shared = Arc<Mutex<Bucket>>;

/// Answers as S3 does, as far as an archive asks.
async fn answer(
    State(bucket): State<Shared>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> (StatusCode, Bytes) {
    let mut bucket = bucket.lock().unwrap();
    let key = uri.path().trim_start_matches("/bucket/").replace("%3D", "=");
    let query = uri.query().unwrap_or_default();
    if method == Method::PUT {
        bucket.objects.insert(key, body);
        return (StatusCode::OK, Bytes::new());
    }
    if method == Method::DELETE {
        bucket.objects.remove(&key);
        return (StatusCode::NO_CONTENT, Bytes::new());
    }
    if query.starts_with("versioning") {
        let status = if bucket.is_versioned { "<Status>Enabled</Status>" } else { "" };
        let answer = format!("<VersioningConfiguration>{status}</VersioningConfiguration>");
        return (StatusCode::OK, answer.into());
    }
    if let Some((_, prefix)) = query.split_once("prefix=") {
        return (StatusCode::OK, list(&bucket, prefix, query).into());
    }
    let missing = "<Error><Code>NoSuchKey</Code></Error>".into();
    let object = bucket.objects.get(&key).cloned();
    object.map_or((StatusCode::NOT_FOUND, missing), |object| (StatusCode::OK, object))
}

/// Lists one key a page, after the last page's key.
fn list(bucket: &Bucket, prefix: &str, query: &str) -> String {
    let prefix = prefix.replace("%2F", "/").replace("%3D", "=");
    let after = query.split('&').find_map(|part| part.strip_prefix("continuation-token="));
    let after = after.map(|number| number.parse::<usize>().unwrap());
    let keys: Vec<_> = bucket.objects.keys().filter(|key| key.starts_with(&prefix)).collect();
    let place = after.unwrap_or_default();
    let contents = keys.get(place).map(|key| format!("<Contents><Key>{key}</Key></Contents>"));
    let next = (place + 1 < keys.len()).then(|| {
        let next = place + 1;
        format!("<NextContinuationToken>{next}</NextContinuationToken>")
    });
    let (contents, next) = (contents.unwrap_or_default(), next.unwrap_or_default());
    format!("<ListBucketResult>{contents}{next}</ListBucketResult>")
}

async fn archive_in(bucket: &Shared) -> S3Archive {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().fallback(any(answer)).with_state(bucket.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let config = Config::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("id", "key", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(format!("http://{address}"))
        .force_path_style(true)
        .build();
    S3Archive::new(Client::from_conf(config), "bucket", "recall/")
}

#[tokio::test]
async fn archive_is_the_same_in_s3() {
    let (app, bucket) = (old().await, Shared::default());
    bucket.lock().unwrap().is_versioned = true;
    let store = archive_in(&bucket).await;
    for left in ["left.parquet", "other.parquet"] {
        store.put(&format!("fees/day={DAY}/{left}"), Bytes::new()).await.unwrap();
    }
    let archived = archive_day(&app.context, &store, day(DAY), Mode::Move, || ()).await.unwrap();
    assert_eq!(store.list(&format!("fees/day={DAY}/")).await.unwrap().len(), 1);
    assert!(bucket.lock().unwrap().objects.keys().all(|key| key.starts_with("recall/")));
    assert_eq!((archived.deleted, chunks(&app).await), (5, 0));
    restore_day(&app.context, &store, day(DAY), || ()).await.unwrap();
    assert_eq!(run(&app, "verify 2026-11-20").await.code, 0);
    let missing = store.get("no/such").await;
    assert!(matches!(missing, Err(ArchiveError::Missing(_))), "{missing:?}");
}

#[tokio::test]
async fn bucket_without_versions_loses_no_file() {
    let bucket = Shared::default();
    let store = archive_in(&bucket).await;
    store.put("fees/file", Bytes::new()).await.unwrap();
    let retired = store.retire("fees/file").await;
    assert!(matches!(retired, Err(ArchiveError::Store { .. })), "{retired:?}");
    assert_eq!(bucket.lock().unwrap().objects.len(), 1);
}
