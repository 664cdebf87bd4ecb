//! The programme as a whole, as its users meet it: the functions' own handlers, called through
//! the events that Lambda gives them, over the embedded engine and the real SDK.

#![cfg(test)]

mod contract;
mod costs;
mod emulator;
mod events_dir;
mod hostile;
mod invariants;
mod late;
mod reruns;
mod simulation;
mod story;
mod taking_in;
mod world;
