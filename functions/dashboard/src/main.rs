//! The Lambda function `dashboard`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Failure> {
    runtime::serve(dashboard::handle).await
}
