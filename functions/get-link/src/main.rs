//! The Lambda function `get-link`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Failure> {
    lambda::serve(linking::handle).await
}
