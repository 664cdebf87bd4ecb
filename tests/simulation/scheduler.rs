//! Everybody who is at work at the same time, each going on by one call at a time.
//!
//! An actor is one invocation of a function, or a state machine that makes several. His future is
//! polled by us alone: it comes as far as its next call to the table, and stops there until it
//! is his turn again, which may be long after others have done the same work. He can be dropped
//! at any such stop, as a worker is that is killed.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use super::rng::Dice;

pub type Work = Pin<Box<dyn Future<Output = ()>>>;

/// Somebody at work.
pub struct Task {
    name: String,
    work: Work,
    /// After so many of his turns he is killed.
    dies_after: Option<usize>,
    /// So many turns of the troupe he stands still.
    asleep: usize,
    /// Whether he is an answer to a waiting user, whom the gateway cuts off after some seconds.
    hurried: bool,
}

impl Task {
    pub fn new(name: impl Into<String>, work: impl Future<Output = ()> + 'static) -> Self {
        let work = Box::pin(work);
        Self { name: name.into(), work, dies_after: None, asleep: 0, hurried: false }
    }

    pub fn hurried(self) -> Self {
        Self { hurried: true, ..self }
    }

    pub fn dying_after(self, turns: Option<usize>) -> Self {
        Self { dies_after: turns, ..self }
    }

    pub fn asleep(self, turns: usize) -> Self {
        Self { asleep: turns, ..self }
    }
}

/// What became of an actor in his turn.
pub enum Turn {
    Working,
    Done(String),
    Killed(String),
}

/// Those who are at work. Actors may bring others while they work.
#[derive(Default)]
pub struct Troupe {
    actors: RefCell<Vec<Task>>,
    arriving: RefCell<Vec<Task>>,
}

impl Troupe {
    pub fn enter(&self, actor: Task) {
        self.arriving.borrow_mut().push(actor);
    }

    pub fn is_empty(&self) -> bool {
        self.actors.borrow().is_empty() && self.arriving.borrow().is_empty()
    }

    /// One actor goes on to his next call.
    pub async fn turn(&self, dice: &Dice) -> Turn {
        self.actors.borrow_mut().append(&mut self.arriving.borrow_mut());
        let Some(chosen) = self.choose(dice) else { return Turn::Working };
        let mut actor = self.actors.borrow_mut().swap_remove(chosen);
        if actor.dies_after == Some(0) {
            return Turn::Killed(actor.name);
        }
        actor.dies_after = actor.dies_after.map(|turns| turns - 1);
        let polled = poll_fn(|context| Poll::Ready(actor.work.as_mut().poll(context))).await;
        // What he had spawned gets its turn as well.
        tokio::task::yield_now().await;
        if polled.is_ready() {
            return Turn::Done(actor.name);
        }
        if dice.below(200) == 0 {
            actor.asleep = dice.below(400);
        }
        self.actors.borrow_mut().push(actor);
        Turn::Working
    }

    /// An actor who is awake; if all sleep, they wake up.
    fn choose(&self, dice: &Dice) -> Option<usize> {
        let mut actors = self.actors.borrow_mut();
        actors.iter_mut().for_each(|actor| actor.asleep = actor.asleep.saturating_sub(1));
        let awake: Vec<usize> = (0..actors.len()).filter(|at| actors[*at].asleep == 0).collect();
        if awake.is_empty() {
            actors.iter_mut().for_each(|actor| actor.asleep = 0);
        }
        (!awake.is_empty()).then(|| *dice.pick(&awake))
    }

    /// Everybody is killed where he stands.
    pub fn is_dismissed(&self) {
        self.actors.take();
        self.arriving.take();
    }

    /// Some time passes: the gateway cuts off those whose users wait.
    pub fn cut_off_hurried(&self) {
        self.actors.borrow_mut().append(&mut self.arriving.borrow_mut());
        self.actors.borrow_mut().retain(|actor| !actor.hurried);
    }
}

/// Lets work go on for so many turns; its result, if it comes to its end in them.
pub async fn advance<T>(work: &mut Pin<Box<impl Future<Output = T>>>, turns: usize) -> Option<T> {
    for _ in 0..turns {
        match poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
            Poll::Ready(result) => return Some(result),
            Poll::Pending => tokio::task::yield_now().await,
        }
    }
    None
}

/// Work that is killed after so many turns, if it is not done by then.
pub async fn killed_after<T>(turns: Option<usize>, work: impl Future<Output = T>) -> Option<T> {
    match turns {
        Some(turns) => advance(&mut Box::pin(work), turns).await,
        None => Some(work.await),
    }
}
