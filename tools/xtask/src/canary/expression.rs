//! The part of CloudWatch's metric math that the canary alarms use.

use std::collections::BTreeMap;

/// A parsed expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    Number(f64),
    Metric(String),
    Fill(Box<Self>, Box<Self>),
    Abs(Box<Self>),
    Binary(Operator, Box<Self>, Box<Self>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Or,
    And,
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// The operators by precedence, the weakest first; an operator precedes those it is a prefix of.
const LEVELS: [&[(&str, Operator)]; 5] = [
    &[("OR", Operator::Or)],
    &[("AND", Operator::And)],
    &[
        ("==", Operator::Equal),
        (">=", Operator::GreaterOrEqual),
        (">", Operator::Greater),
        ("<=", Operator::LessOrEqual),
        ("<", Operator::Less),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("/", Operator::Divide)],
];

impl Expression {
    /// Parses an expression.
    ///
    /// # Errors
    /// Names the unexpected text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { rest: text.trim_start() };
        let parsed = parser.level(0)?;
        match parser.rest {
            "" => Ok(parsed),
            rest => Err(format!("expected the end, found {rest:?}")),
        }
    }

    /// Returns the value for one period, or `None` where a value is missing.
    pub fn value(&self, metrics: &BTreeMap<&str, Option<f64>>) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Metric(id) => metrics.get(id.as_str()).copied().flatten(),
            Self::Fill(inner, other) => inner.value(metrics).or_else(|| other.value(metrics)),
            Self::Abs(inner) => inner.value(metrics).map(f64::abs),
            Self::Binary(operator, left, right) => {
                operator.applied(left.value(metrics)?, right.value(metrics)?)
            }
        }
    }
}

impl Operator {
    /// A comparison is 1 or 0, and a division by zero has no value.
    fn applied(self, left: f64, right: f64) -> Option<f64> {
        let truth = |is: bool| f64::from(u8::from(is));
        Some(match self {
            Self::Or => truth(left != 0.0 || right != 0.0),
            Self::And => truth(left != 0.0 && right != 0.0),
            Self::Equal => truth((left - right).abs() < f64::EPSILON),
            Self::Greater => truth(left > right),
            Self::GreaterOrEqual => truth(left >= right),
            Self::Less => truth(left < right),
            Self::LessOrEqual => truth(left <= right),
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide if right == 0.0 => return None,
            Self::Divide => left / right,
        })
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    /// Parses operands of the next stronger level, and the operators of this one between them.
    fn level(&mut self, level: usize) -> Result<Expression, String> {
        let Some(operators) = LEVELS.get(level) else { return self.operand() };
        let mut left = self.level(level + 1)?;
        while let Some((_, operator)) = operators.iter().find(|(word, _)| self.takes(word)) {
            let right = self.level(level + 1)?;
            left = Expression::Binary(*operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn operand(&mut self) -> Result<Expression, String> {
        if self.takes("(") {
            let inner = self.level(0)?;
            return self.expect(")").map(|()| inner);
        }
        let word = self.word();
        match (word.as_str(), word.parse()) {
            ("", _) => Err(format!("expected a value, found {:?}", self.rest)),
            (_, Ok(number)) => Ok(Expression::Number(number)),
            ("FILL", _) => {
                self.expect("(")?;
                let inner = self.level(0)?;
                self.expect(",")?;
                let other = self.level(0)?;
                self.expect(")")?;
                Ok(Expression::Fill(Box::new(inner), Box::new(other)))
            }
            ("ABS", _) => {
                self.expect("(")?;
                let inner = self.level(0)?;
                self.expect(")")?;
                Ok(Expression::Abs(Box::new(inner)))
            }
            (function, _) if self.rest.starts_with('(') => {
                Err(format!("{function} is not evaluated here"))
            }
            _ => Ok(Expression::Metric(word)),
        }
    }

    /// Consumes a word of letters, digits, points and underscores.
    fn word(&mut self) -> String {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '_';
        let end = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        word.to_owned()
    }

    fn takes(&mut self, text: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(text) else { return false };
        let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic());
        if is_word && rest.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return false;
        }
        self.rest = rest.trim_start();
        true
    }

    fn expect(&mut self, text: &str) -> Result<(), String> {
        match self.takes(text) {
            true => Ok(()),
            false => Err(format!("expected {text}, found {:?}", self.rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Option<f64> {
        let metrics = BTreeMap::from([("some", Some(3.0)), ("none", None)]);
        Expression::parse(text).unwrap().value(&metrics)
    }

    #[test]
    fn operators_bind_as_in_cloudwatch() {
        assert_eq!(value("1 + 2 * 3 - 4 / 2"), Some(5.0));
        assert_eq!(value("(1 + 2) * 3"), Some(9.0));
        assert_eq!(value("1 > 2 OR 2 >= 2 AND 3 < 4"), Some(1.0));
        assert_eq!(value("ABS(1 - some) == 2"), Some(1.0));
    }

    #[test]
    fn missing_value_stays_missing_unless_filled() {
        assert_eq!(value("none + 1"), None);
        assert_eq!(value("FILL(none, 0) + 1"), Some(1.0));
        assert_eq!(value("FILL(some, 0)"), Some(3.0));
        assert_eq!(value("1 / 0"), None);
    }

    #[test]
    fn unknown_syntax_is_refused() {
        for text in ["", "1 +", "SEARCH(some)", "some some", "(1"] {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
    }
}
