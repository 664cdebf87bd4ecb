//! Models of the two places where the order of steps matters, explored in every order: the bind
//! with a late activity, and concurrent runs of one day with a late fee.
//!
//! An action of a model is a step of the code between two calls to the table, and has its name. Any
//! worker may stop between two steps, and another start from the beginning. Each guard of the code
//! is also left out once, to show that the model then finds the broken property.

#![cfg(test)]

mod bind;
mod run;

use stateright::{Checker, Model};

/// Explores all states; returns their number, and the names of the broken properties.
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
