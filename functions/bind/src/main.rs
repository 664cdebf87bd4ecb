//! The Lambda function `bind`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::StartupFailure> {
    lambda::serve(binding::handle).await
}
