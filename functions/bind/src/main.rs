//! The Lambda function `bind`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda::Failure> {
    lambda::serve(binding::handle).await
}
