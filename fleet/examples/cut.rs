//! A proxy that can be cut: `cut LISTEN TARGET FILE` passes bytes on, and while FILE exists it passes none, takes no
//! connection and closes none, as a network does that lost a cable.

use std::env;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().ok_or("cut LISTEN TARGET FILE");
    let (listener, target, file) = (TcpListener::bind(next()?).await?, next()?, Arc::new(PathBuf::from(next()?)));
    loop {
        let (client, _) = listener.accept().await?;
        let (target, file) = (target.clone(), file.clone());
        tokio::spawn(async move {
            whole(&file).await;
            if let Ok(server) = TcpStream::connect(target).await {
                let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
                // Whichever side ends first ends both.
                tokio::select! {
                    () = pass(from_client, to_server, &file) => {}
                    () = pass(from_server, to_client, &file) => {}
                }
            }
        });
    }
}

async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, file: &Path) {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = from.read(&mut buffer).await;
        whole(file).await;
        let Ok(length @ 1..) = read else { return };
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}

/// Waits until the network is whole.
async fn whole(file: &Path) {
    while file.exists() {
        sleep(Duration::from_millis(20)).await;
    }
}
