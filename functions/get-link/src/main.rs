//! The Lambda function `get-link`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::StartupFailure> {
    lambda::serve(|app, request| linking::handle(app, request)).await
}
