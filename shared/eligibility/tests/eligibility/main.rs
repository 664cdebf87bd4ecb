//! The rules of eligibility, stated as tests.

#[cfg(test)]
mod boundaries;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod reasons;
#[cfg(test)]
mod serialised;
#[cfg(test)]
mod support;
