//! The part of CloudWatch's metric math that the alarms use.

use std::collections::BTreeMap;

/// A parsed expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    Number(f64),
    Metric(String),
    /// The second value where the first one is missing.
    Fill(Box<Self>, Box<Self>),
    Abs(Box<Self>),
    /// The hour of the day of a value.
    Hour(Box<Self>),
    /// The minute of the hour of a value.
    Minute(Box<Self>),
    /// The second value where the first one is not 0, and else the third.
    If(Box<Self>, Box<Self>, Box<Self>),
    Max(Vec<Self>),
    Binary(Operator, Box<Self>, Box<Self>),
}

/// The values of one period by the metrics' ids, and its first minute of the day.
#[derive(Debug)]
pub struct Period<'a> {
    pub minute: usize,
    pub values: BTreeMap<&'a str, Option<f64>>,
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
    pub fn value(&self, period: &Period<'_>) -> Option<f64> {
        let at = |time: usize, of: &Self| of.value(period).map(|_| time as f64);
        match self {
            Self::Number(number) => Some(*number),
            Self::Metric(id) => period.values.get(id.as_str()).copied().flatten(),
            Self::Fill(inner, other) => inner.value(period).or_else(|| other.value(period)),
            Self::Abs(inner) => inner.value(period).map(f64::abs),
            Self::Hour(of) => at(period.minute / 60 % 24, of),
            Self::Minute(of) => at(period.minute % 60, of),
            Self::If(condition, then, other) => match condition.value(period)? {
                0.0 => other.value(period),
                _ => then.value(period),
            },
            Self::Max(all) => all.iter().filter_map(|each| each.value(period)).reduce(f64::max),
            Self::Binary(operator, left, right) => {
                operator.applied(left.value(period)?, right.value(period)?)
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
                let [inner, other] = self.arguments()?;
                Ok(Expression::Fill(inner, other))
            }
            ("ABS", _) => self.arguments().map(|[inner]| Expression::Abs(inner)),
            ("HOUR", _) => self.arguments().map(|[of]| Expression::Hour(of)),
            ("MINUTE", _) => self.arguments().map(|[of]| Expression::Minute(of)),
            ("IF", _) => {
                let [condition, then, other] = self.arguments()?;
                Ok(Expression::If(condition, then, other))
            }
            ("MAX", _) => {
                self.expect("(")?;
                self.expect("[")?;
                let mut all = vec![self.level(0)?];
                while self.takes(",") {
                    all.push(self.level(0)?);
                }
                self.expect("]")?;
                self.expect(")")?;
                Ok(Expression::Max(all))
            }
            (function, _) if self.rest.starts_with('(') => {
                Err(format!("{function} is not evaluated here"))
            }
            _ => Ok(Expression::Metric(word)),
        }
    }

    /// Parses so many arguments in parentheses.
    fn arguments<const N: usize>(&mut self) -> Result<[Box<Expression>; N], String> {
        self.expect("(")?;
        let mut all = vec![Box::new(self.level(0)?)];
        while self.takes(",") {
            all.push(Box::new(self.level(0)?));
        }
        self.expect(")")?;
        all.try_into().map_err(|all: Vec<_>| format!("expected {N} arguments, found {}", all.len()))
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
        let values = BTreeMap::from([("some", Some(3.0)), ("none", None)]);
        Expression::parse(text).unwrap().value(&Period { minute: 25 * 60 + 10, values })
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
    fn functions_are_as_in_cloudwatch() {
        assert_eq!(value("IF(some > 2, 5, 6)"), Some(5.0));
        assert_eq!(value("IF(some > 3, 5, none)"), None);
        assert_eq!(value("MAX([1, some, none])"), Some(3.0));
        assert_eq!(value("HOUR(some) * 100 + MINUTE(some)"), Some(110.0));
        assert_eq!(value("HOUR(none)"), None);
    }

    #[test]
    fn unknown_syntax_is_refused() {
        for text in ["", "1 +", "SEARCH(some)", "some some", "(1", "IF(1, 2)", "MAX(1)"] {
            assert!(Expression::parse(text).is_err(), "{text}");
        }
    }
}
