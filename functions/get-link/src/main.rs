//! The Lambda function `get-link`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::StartupFailure> {
    lambda::serve(linking::handle).await
}
