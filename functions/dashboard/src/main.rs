//! The Lambda function `dashboard`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::StartupFailure> {
    lambda::serve(reporting::handle).await
}
