//! The Lambda function `bind`.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), runtime::Failure> {
    runtime::serve(bind::handle).await
}
