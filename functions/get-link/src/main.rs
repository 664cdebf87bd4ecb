//! The Lambda function `get-link`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Failure> {
    runtime::serve(get_link::handle).await
}
