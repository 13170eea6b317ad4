//! `hokusai-s3-server DIRECTORY [ADDRESS]`: serves until it is killed; prints its URL first.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use hokusai_s3_server::S3Server;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (root, address) = match arguments.as_slice() {
        [root] => (
            PathBuf::from(root),
            Ok(SocketAddr::from(([127, 0, 0, 1], 0))),
        ),
        [root, address] => (PathBuf::from(root), address.parse()),
        _ => {
            eprintln!("error: say hokusai-s3-server DIRECTORY [ADDRESS]");
            return ExitCode::from(2);
        }
    };
    let address = match address {
        Ok(address) => address,
        Err(error) => {
            eprintln!("error: the address: {error}");
            return ExitCode::from(2);
        }
    };
    match S3Server::start_at(&root, address).await {
        Ok(server) => {
            println!("{}", server.url());
            std::future::pending::<()>().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: cannot serve `{}`: {error}", root.display());
            ExitCode::from(3)
        }
    }
}
