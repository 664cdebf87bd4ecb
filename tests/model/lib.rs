//! The two places where orders matter, as models small enough to be walked through in every order:
//! the bind against a late activity, and runs of one day against each other and a late fee.
//!
//! A model's action is a step of the code between two calls to the table, and has its name. Any
//! actor may stop for ever between any two of his steps, and another begin anew. What each guard
//! in the code is for is shown by leaving it out: then the model finds the way to the broken
//! promise.

#![cfg(test)]

mod bind;
mod run;

use stateright::{Checker, Model};

/// Walks through all states; answers how many there are, and the names of the broken promises.
fn broken_promises<M>(model: M) -> (usize, Vec<&'static str>)
where
    M: Model + Send + Sync + 'static,
    M::State: std::hash::Hash + Send + Sync + Clone + std::fmt::Debug + PartialEq,
    M::Action: std::fmt::Debug + Clone + PartialEq,
{
    let checker = model.checker().threads(2).spawn_bfs().join();
    let broken = checker.model().properties().into_iter().map(|property| property.name);
    let found = checker.discoveries();
    let is_broken = |name: &&str| {
        let sometimes = name.starts_with("it happens that ");
        found.contains_key(*name) != sometimes
    };
    (checker.unique_state_count(), broken.filter(is_broken).collect())
}
