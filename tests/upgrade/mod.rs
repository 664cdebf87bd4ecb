//! What a release leaves behind is read by the ones after it, and a rule that changes later changes
//! nothing before.

mod forms;
mod kinds;
mod policy;
mod releases;
mod written;
