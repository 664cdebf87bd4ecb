//! Concurrent tasks, each of which advances by one call at a time.
//!
//! A task is one invocation of a function, or a state machine that makes several. Only the
//! scheduler polls its future: it advances to its next call to the table and stops there until its
//! next turn, which may be long after others have done the same work. It can be dropped at any such
//! stop, as a worker is killed.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use super::rng::TrialRng;

pub type Work = Pin<Box<dyn Future<Output = ()>>>;

/// A concurrent task.
pub struct Task {
    name: String,
    work: Work,
    /// Turns after which it is killed.
    dies_after: Option<usize>,
    /// Turns of the scheduler in which it does not advance.
    asleep: usize,
    /// Whether it answers a waiting user. The gateway ends such a request after some seconds.
    user_waits: bool,
}

impl Task {
    pub fn new(name: impl Into<String>, work: impl Future<Output = ()> + 'static) -> Self {
        let work = Box::pin(work);
        Self { name: name.into(), work, dies_after: None, asleep: 0, user_waits: false }
    }

    pub fn user_waits(self) -> Self {
        Self { user_waits: true, ..self }
    }

    pub fn dying_after(self, turns: Option<usize>) -> Self {
        Self { dies_after: turns, ..self }
    }

    pub fn asleep(self, turns: usize) -> Self {
        Self { asleep: turns, ..self }
    }
}

/// The result of a task's turn.
pub enum Turn {
    Working,
    Done(String),
    Killed(String),
}

/// All tasks. Tasks may add others while they run.
#[derive(Default)]
pub struct Scheduler {
    tasks: RefCell<Vec<Task>>,
    arriving: RefCell<Vec<Task>>,
}

impl Scheduler {
    pub fn enter(&self, task: Task) {
        self.arriving.borrow_mut().push(task);
    }

    pub fn is_empty(&self) -> bool {
        self.tasks.borrow().is_empty() && self.arriving.borrow().is_empty()
    }

    /// Advances one task to its next call.
    pub async fn turn(&self, rng: &TrialRng) -> Turn {
        self.tasks.borrow_mut().append(&mut self.arriving.borrow_mut());
        let Some(chosen) = self.choose(rng) else { return Turn::Working };
        let mut task = self.tasks.borrow_mut().swap_remove(chosen);
        if task.dies_after == Some(0) {
            return Turn::Killed(task.name);
        }
        task.dies_after = task.dies_after.map(|turns| turns - 1);
        let polled = poll_fn(|context| Poll::Ready(task.work.as_mut().poll(context))).await;
        // Lets tasks that it spawned advance as well.
        tokio::task::yield_now().await;
        if polled.is_ready() {
            return Turn::Done(task.name);
        }
        if rng.below(200) == 0 {
            task.asleep = rng.below(400);
        }
        self.tasks.borrow_mut().push(task);
        Turn::Working
    }

    /// Chooses a task that is awake; if all sleep, they wake up.
    fn choose(&self, rng: &TrialRng) -> Option<usize> {
        let mut tasks = self.tasks.borrow_mut();
        tasks.iter_mut().for_each(|task| task.asleep = task.asleep.saturating_sub(1));
        let awake: Vec<usize> = (0..tasks.len()).filter(|at| tasks[*at].asleep == 0).collect();
        if awake.is_empty() {
            tasks.iter_mut().for_each(|task| task.asleep = 0);
        }
        (!awake.is_empty()).then(|| *rng.pick(&awake))
    }

    /// Kills all tasks at their current stop.
    pub fn kill_all(&self) {
        self.tasks.take();
        self.arriving.take();
    }

    /// Lets time pass: the gateway cuts off tasks whose users wait.
    pub fn cut_off_waiting(&self) {
        self.tasks.borrow_mut().append(&mut self.arriving.borrow_mut());
        self.tasks.borrow_mut().retain(|task| !task.user_waits);
    }
}

/// Advances work for this number of turns; returns its result if it finishes in them.
pub async fn advance<T>(work: &mut Pin<Box<impl Future<Output = T>>>, turns: usize) -> Option<T> {
    for _ in 0..turns {
        match poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
            Poll::Ready(result) => return Some(result),
            Poll::Pending => tokio::task::yield_now().await,
        }
    }
    None
}

/// Runs work that is killed after this number of turns, unless it has finished.
pub async fn killed_after<T>(turns: Option<usize>, work: impl Future<Output = T>) -> Option<T> {
    match turns {
        Some(turns) => advance(&mut Box::pin(work), turns).await,
        None => Some(work.await),
    }
}
