import type { Texts } from "..";

export const invitee: Pick<Texts, "join" | "seen" | "legal" | "bindReasons" | "inviter"> = {
  join: {
    title: "Davet edildiniz",
    review: "Daveti inceleyip karar verin.",
    window: {
      title: "Davet edeninizi onaylayın",
      lead: "Sizi davet eden",
      get: "Geri alacağınız",
      ofSpot: "spot ve marjin ücretlerinden",
      ofFutures: "vadeli işlem ücretlerinden",
      nothing: "Bu bağlantı ücretlerinizden size pay vermez",
      nothingText: "Ücretlerinizden doğan komisyonun tamamı davet edeninizde kalır.",
      forLife: "Ömür boyu tek davet eden",
      forLifeText:
        "Davet edeninizi sonradan değiştiremez veya kaldıramazsınız. İşlem ücretleriniz değişmez: komisyon bu ücretlerden ödenir.",
      bind: "Şimdi bağlan",
      binding: "Bağlanıyor…",
      later: "Şimdi değil",
      expiresIn: (minutes) => `${minutes} dk içinde sona erer`,
      expiresAt: (time) => `Son geçerlilik: ${time}`,
      renewed: "Pencerenin süresi doldu ve yenilendi. Lütfen ayrıntıları yeniden gözden geçirin.",
    },
    closed: "Hiçbir şey değişmedi. Davet açık kalır.",
    reopen: "Daveti incele",
    refusedFrom: "Kabul edebileceğiniz tarih",
    unlessChanged: "O zamana kadar başka bir şey değişmezse.",
    ownTime: (utc) => `Yerel saatiniz (${utc})`,
    remind: "Takviminize hatırlatıcı ekleyin",
    reminder: (brand) => `Davetinizi kabul edin: ${brand}`,
    reminderText:
      "Artık kabul edebilirsiniz. Bağlantıyı açın, giriş yapın ve Şimdi bağlan'ı seçin:",
    support: "Desteğe yazın",
    checks: "Koşullar",
    checksMet: (met, all) => `${all} koşuldan ${met} tanesi karşılanıyor`,
    met: "karşılanıyor",
    notMet: "karşılanmıyor",
    needs: {
      account_age: (days) => `${days} günden eski hesap`,
      inactivity: (days) => `${days} günden uzun süredir işlem veya ürün kullanımı yok`,
    },
    since: {
      account_age: (instant) => `açılış: ${instant}`,
      inactivity: (instant) => `son kullanım: ${instant}`,
    },
    never: "hiç kullanılmadı",
    bound: "Her şey hazır",
    boundText: (inviter) => `Artık davet edeniniz ${inviter}.`,
    nextTitle: "Bundan sonra",
    next: [
      "Spot, marjin veya vadeli işlemlerinize her zamanki gibi devam edin. Ücretleriniz değişmez.",
      "Her gün UTC gece yarısında biter. O gün için geri aldıklarınız ertesi sabah görünür.",
      "Hepsini istediğiniz zaman Davet edenim sayfasında bulabilirsiniz.",
    ],
    nextShared: (spot, futures) =>
      `Spot ve marjin ücretlerinden ${spot}, vadeli işlem ücretlerinden ${futures} geri alırsınız.`,
    nextNothing: [
      "Spot, marjin veya vadeli işlemlerinize her zamanki gibi devam edin. Ücretleriniz değişmez.",
      "Bu bağlantı ücretlerinizden size pay vermez.",
      "Davet edeninizi istediğiniz zaman Davet edenim sayfasında bulabilirsiniz.",
    ],
    alreadyThis: "Bu daveti zaten kabul ettiniz",
    ownAction: "Bağlantılarınıza gidin",
    seeInviter: "Davet edenim sayfasına git",
  },

  seen: {
    title: "Davet edeninizin görecekleri",
    titleNow: "Davet edeninizin gördükleri",
    points: [
      "Tam kullanıcı kimliğiniz ve kabul ettiğiniz zaman",
      "İşlem yaptığınız günler, ilk ve son işleminizin zamanı",
      "İşlem hacminiz ve ödediğiniz ücretler; güne, ürüne ve varlığa göre",
      "Bir ücretin neden komisyon getirmediği: örneğin VIP seviyeniz veya bölgeniz",
    ],
    not: "Adınızı ve bakiyenizi asla görmez.",
  },

  legal: { label: "Program hakkında", terms: "Koşullar", privacy: "Gizlilik", support: "Destek" },

  bindReasons: {
    inviter_not_affiliate: {
      title: "Davet eden programdan ayrılmış",
      text: "Bu bağlantının sahibi şu anda kimseyi davet edemez. Başka birinin bağlantısını kullanabilirsiniz.",
      check: "Davet eden, satış ortaklığı programında",
    },
    self_referral: {
      title: "Bu sizin kendi bağlantınız",
      text: "Kendi bağlantınızı kullanamazsınız. Başka biriyle paylaşın.",
      check: "Bağlantı başkasına ait",
    },
    already_bound: {
      title: "Zaten bir davet edeniniz var",
      text: "Bir hesabın ömür boyu tek davet edeni olur ve bu değiştirilemez.",
      check: "Henüz davet eden yok",
    },
    account_too_young: {
      title: "Hesabınız henüz çok yeni",
      text: "Bu davet bir süredir var olan hesaplar içindir.",
      check: "Hesap yeterince eski",
    },
    recently_active: {
      title: "Hesabınız yakın zamanda kullanıldı",
      text: "Bu davet bir süredir kullanılmayan hesaplar içindir. Her işlem ve her ürün kullanımı süreyi yeniden başlatır; giriş yapmak başlatmaz.",
      check: "Yeterince uzun süredir kullanılmıyor",
    },
    unknown_account: {
      title: "Hesabınızı henüz tanımıyoruz",
      text: "Yeni hesapların görünmesi biraz sürebilir. Daha sonra yeniden deneyin.",
      check: "Hesap biliniyor",
    },
    unknown_link: {
      title: "Böyle bir bağlantı yok",
      text: "Bağlantı eksik kopyalanmış olabilir. Gönderenden yenisini isteyin.",
      check: "Bağlantı var",
    },
    link_not_recall_capable: {
      title: "Bu bağlantı yalnızca yeni kullanıcılar için",
      text: "Zaten bir hesabınız var. Davet edenden en yeni bağlantıyı isteyin: o sizin için de geçerlidir.",
      check: "Bağlantı mevcut kullanıcıları davet ediyor",
    },
    sub_account: {
      title: "Alt hesapla giriş yaptınız",
      text: "Yalnızca ana hesaplar kabul edebilir. Ana hesabınızla giriş yapıp bağlantıyı yeniden açın.",
      check: "Ana hesap",
    },
    inviter_registered_after_invitee: {
      title: "Hesabınız davet edenin hesabından eski",
      text: "Bir davet eden, yalnızca kendi hesabından yeni hesapları geri getirebilir.",
      check: "Davet edenin hesabı sizinkinden eski",
    },
    same_identity: {
      title: "Siz ve davet eden aynı kişisiniz",
      text: "Bir kişinin iki hesabı birbirini davet edemez.",
      check: "İki farklı kişi",
    },
    region_blocked_inviter: {
      title: "Davet edenin bölgesinde sunulmuyor",
      text: "Davet edeniniz kendi ülkesinden veya bölgesinden kimseyi davet edemez.",
      check: "Davet edenin bulunduğu yerde sunuluyor",
    },
    region_blocked_invitee: {
      title: "Bulunduğunuz yerde sunulmuyor",
      text: "Program ülkenizde veya bölgenizde sunulmuyor.",
      check: "Bulunduğunuz yerde sunuluyor",
    },
  },

  inviter: {
    title: "Davet edenim",
    by: "Davet eden",
    since: "Başlangıç",
    code: "Bağlantı",
    spot: "Spot ve marjin ücretleri",
    futures: "Vadeli işlem ücretleri",
    received: "Geri aldığınız ücretler",
    receivedNothing: "Henüz yok. Geri aldıklarınız her işlem gününün ertesi sabahı görünür.",
    noShare: "Davet edeninizin bağlantısı ücretlerinizden size pay vermez.",
    forLife: "Davet edeniniz ömür boyudur; değiştirilemez ve kaldırılamaz.",
    voided: (instant) =>
      `Bu davet ${instant} tarihinde iptal edildi: sonradan gelen bilgiler koşulların karşılanmadığını gösterdi. Kazanç getirmez.`,
    noneTitle: "Davet edeniniz yok",
    noneText:
      "Bir daveti kabul etmek için bağlantısını açın, giriş yapın ve Şimdi bağlan'ı seçin. Kodu elle yazmak işe yaramaz.",
    asset: "Varlık",
    amount: "Tutar",
    usd: "ABD doları olarak",
    masked: "Gizlilik gereği kullanıcı kimliğinin yalnızca ilk ve son karakterini görürsünüz.",
  },
};
