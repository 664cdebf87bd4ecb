//! `GET /v1/link/qr.svg` and `GET /v1/link/qr.png`, read back by a QR reader.

use crate::test_app::{Answer, TestApp};

/// A picture of black and white pixels, and its edge.
struct Picture {
    dark: Vec<bool>,
    edge: usize,
}

impl Picture {
    fn is_dark(&self, x: usize, y: usize) -> bool {
        self.dark[y * self.edge + x]
    }

    /// Returns the text that a QR reader reads in it.
    fn read(&self) -> String {
        let (edge, dark) = (self.edge, |x, y| self.is_dark(x, y));
        let mut prepared = rqrr::PreparedImage::prepare_from_bitmap(edge, edge, dark);
        let grids = prepared.detect_grids();
        assert_eq!(grids.len(), 1);
        grids[0].decode().unwrap().1
    }

    /// The edge of one module and the width of the blank border, in pixels: the code begins with
    /// the top edge of a finder, which is seven modules long.
    fn module_and_border(&self) -> (usize, usize) {
        let border = (0..self.edge).find(|place| self.is_dark(*place, *place)).unwrap();
        let finder = (border..self.edge).take_while(|x| self.is_dark(*x, border)).count();
        assert_eq!(finder % 7, 0);
        (finder / 7, border)
    }
}

fn png(answer: &Answer) -> Picture {
    assert_eq!((answer.status(), answer.header("content-type")), (200, "image/png"));
    let mut decoder = png::Decoder::new(std::io::Cursor::new(answer.bytes()));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!(info.width, info.height);
    let dark = pixels.iter().map(|pixel| *pixel == 0).collect();
    Picture { dark, edge: usize::try_from(info.width).unwrap() }
}

/// Draws the SVG's one path of rectangles, each `M{left} {top}h{width}v{height}H{left}V{top}`.
fn svg(answer: &Answer) -> Picture {
    assert_eq!((answer.status(), answer.header("content-type")), (200, "image/svg+xml"));
    let text = std::str::from_utf8(answer.bytes()).unwrap();
    let between = |start: &str, end: &str| {
        let from = text.find(start).unwrap() + start.len();
        &text[from..from + text[from..].find(end).unwrap()]
    };
    let edge: usize = between("width=\"", "\"").parse().unwrap();
    let mut dark = vec![false; edge * edge];
    for rectangle in between(" d=\"", "\"").split('M').skip(1) {
        let numbers: Vec<usize> = rectangle
            .split(|c: char| !c.is_ascii_digit())
            .map(|number| number.parse().unwrap())
            .collect();
        let [left, top, width, height, ..] = numbers[..] else { panic!("{rectangle}") };
        for y in top..top + height {
            dark[y * edge + left..y * edge + left + width].fill(true);
        }
    }
    Picture { dark, edge }
}

#[tokio::test]
async fn both_pictures_lead_to_default_link() {
    let app = TestApp::new().await;
    let url = app.get("alice", "/v1/link").await.text("/url");
    assert!(url.starts_with("https://www.binance.com/join?ref="));
    assert_eq!(svg(&app.get("alice", "/v1/link/qr.svg").await).read(), url);
    assert_eq!(png(&app.get("alice", "/v1/link/qr.png").await).read(), url);
}

#[tokio::test]
async fn paths_of_link_lead_to_its_pictures() {
    let app = TestApp::new().await;
    app.get("alice", "/v1/link").await;
    let other = app.post("alice", "/v1/links", "{}").await;
    let pictures = [
        svg(&app.get("alice", &other.text("/qrCode/svg")).await),
        png(&app.get("alice", &other.text("/qrCode/png")).await),
    ];
    for picture in pictures {
        assert_eq!(picture.read(), other.text("/url"));
    }
}

#[tokio::test]
async fn picture_makes_first_link() {
    let app = TestApp::new().await;
    let picture = svg(&app.get("alice", "/v1/link/qr.svg").await);
    assert_eq!(picture.read(), app.get("alice", "/v1/link").await.text("/url"));
}

#[tokio::test]
async fn link_for_new_users_has_original_form() {
    let app = TestApp::new().await;
    app.plant("alice", "LEGACY01", false).await;
    let picture = svg(&app.get("alice", "/v1/link/qr.svg?code=LEGACY01").await);
    assert_eq!(picture.read(), "https://accounts.binance.com/register?ref=LEGACY01");
}

#[tokio::test]
async fn png_has_whole_pixels_per_module() {
    let app = TestApp::new().await;
    let url = app.get("alice", "/v1/link").await.text("/url");
    for size in [128, 129, 511] {
        let picture = png(&app.get("alice", &format!("/v1/link/qr.png?size={size}")).await);
        assert_eq!(picture.edge, size);
        assert_eq!(picture.read(), url, "{size}");
        let (module, border) = picture.module_and_border();
        assert!(border >= 4 * module, "{size}");
        let across = (size - 2 * border) / module;
        assert!((across + 8) * (module + 1) > size, "{size}: modules could be larger");
    }
}

#[tokio::test]
async fn png_has_512_to_2048_pixels() {
    let app = TestApp::new().await;
    assert_eq!(png(&app.get("alice", "/v1/link/qr.png").await).edge, 512);
    assert_eq!(png(&app.get("alice", "/v1/link/qr.png?size=2048").await).edge, 2048);
}

#[tokio::test]
async fn svg_has_border_of_four_modules() {
    let app = TestApp::new().await;
    let (module, border) = svg(&app.get("alice", "/v1/link/qr.svg").await).module_and_border();
    assert_eq!(border, 4 * module);
}

#[tokio::test]
async fn size_out_of_range_is_refused() {
    let app = TestApp::new().await;
    insta::assert_snapshot!(app.get("alice", "/v1/link/qr.png?size=127").await);
    for size in ["0", "2049", "-512", "512.0", "big", ""] {
        let answer = app.get("alice", &format!("/v1/link/qr.png?size={size}")).await;
        assert_eq!((answer.status(), answer.text("/parameter").as_str()), (400, "size"), "{size}");
    }
}

#[tokio::test]
async fn svg_takes_no_size() {
    let app = TestApp::new().await;
    let answer = app.get("alice", "/v1/link/qr.svg?size=512").await;
    assert_eq!(
        (answer.outcome().as_str(), answer.text("/parameter").as_str()),
        ("400 bad_request", "size")
    );
}

#[tokio::test]
async fn code_of_another_has_no_picture() {
    let app = TestApp::new().await;
    app.add_affiliate("bob").await;
    let code = app.get("bob", "/v1/link").await.text("/code");
    let anothers = app.get("alice", &format!("/v1/link/qr.png?code={code}")).await;
    assert_eq!(anothers.outcome(), "404 not_found");
    let nobodys = app.get("alice", "/v1/link/qr.svg?code=NNNNNNNN").await;
    assert_eq!(nobodys.json(), anothers.json());
    let malformed = app.get("alice", "/v1/link/qr.svg?code=nnnnnnnn").await;
    assert_eq!((malformed.status(), malformed.text("/parameter").as_str()), (400, "code"));
}

#[tokio::test]
async fn picture_is_confirmed_by_tag() {
    let app = TestApp::new().await;
    for target in ["/v1/link/qr.svg", "/v1/link/qr.png?size=256"] {
        let first = app.get("alice", target).await;
        assert_eq!(first.header("cache-control"), "private, max-age=300");
        assert_eq!(first.header("vary"), "Authorization");
        let tag = first.header("etag").to_owned();
        let given = [("if-none-match", tag.as_str())];
        let again = app.ask(Some("alice"), "GET", target, &given, "").await;
        assert_eq!((again.status(), again.bytes().len()), (304, 0), "{target}");
        assert_eq!(again.header("etag"), tag);
    }
}

#[tokio::test]
async fn new_default_link_has_another_tag() {
    let app = TestApp::new().await;
    let tag = app.get("alice", "/v1/link/qr.svg").await.header("etag").to_owned();
    app.post("alice", "/v1/links", r#"{"default":true}"#).await;
    let given = [("if-none-match", tag.as_str())];
    assert_eq!(app.ask(Some("alice"), "GET", "/v1/link/qr.svg", &given, "").await.status(), 200);
}
