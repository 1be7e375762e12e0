//! A stream whose reader makes way for others: what one sender has already sent can be so much that the thread that
//! reads it has no time for anybody else.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Reads until it has so much, which may be one large read, then lets others run.
pub(super) struct Turns<S> {
    stream: S,
    left: usize,
}

/// Bytes in one turn: more than most deliveries have, and not many of the smallest frames that HTTP/2 knows, each of which
/// is work.
const TURN: usize = 4 << 10;

impl<S> Turns<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, left: TURN }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Turns<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.left == 0 {
            self.left = TURN;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if read.is_pending() {
            self.left = TURN;
        }
        ready!(read)?;
        let read = buffer.filled().len().saturating_sub(before);
        self.left = self.left.saturating_sub(read);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Turns<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn v2_who_sent_much_lets_others_run_and_loses_nothing() {
        let all: Vec<u8> = (0..=255).cycle().take(10 * TURN + 1).collect();
        let mut others = 0;
        let mut stream = Turns::new(&all[..]);
        let mut got = Vec::new();
        let mut read = std::pin::pin!(stream.read_to_end(&mut got));
        tokio::select! {
            biased;
            done = &mut read => panic!("nobody else ran: {done:?}"),
            () = std::future::ready(()) => others += 1,
        }
        read.await.unwrap();
        assert_eq!((others, got), (1, all));
    }
}
