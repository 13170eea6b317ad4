//! `hokusai-s3-server DIRECTORY [ADDRESS]`: serves until it is killed. Its first line says as JSON where it is and which variables
//! let a client in.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use hokusai_s3_server::S3Server;

#[tokio::main]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (Some(root), address, None) = (
        arguments.next().map(PathBuf::from),
        arguments.next(),
        arguments.next(),
    ) else {
        eprintln!("error: say hokusai-s3-server DIRECTORY [ADDRESS]");
        return ExitCode::from(2);
    };
    let address = match address.as_deref().unwrap_or(ANY).parse::<SocketAddr>() {
        Ok(address) => address,
        Err(error) => {
            eprintln!("error: the address: {error}");
            return ExitCode::from(2);
        }
    };
    match S3Server::start_at(&root, address).await {
        Ok(server) => {
            println!("{}", server.announcement());
            std::future::pending::<()>().await;
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: cannot serve `{}`: {error}", root.display());
            ExitCode::from(3)
        }
    }
}

/// A free port of this machine.
const ANY: &str = "127.0.0.1:0";
