// SPDX-License-Identifier: LGPL-2.1-or-later
// Function words by language. Adding a language: a few rows here; what is not here only makes
// breaks less pleasant, never wrong.
#include "captions/word_classes.h"

namespace npu::captions {
namespace {

// clang-format off
constexpr WordClassRow kRows[] = {
  {"en", kConjunction, "and but or nor so yet because although though while when whenever where wherever if unless until since as than that which who whom whose whether before after once"},
  {"en", kPreposition, "in on at by for from with without within to into onto of off over under about above across against along among around behind below beneath beside between beyond during except inside like near outside past through throughout toward towards upon via"},
  {"en", kBindsNext, "a an the this these those my your his her its our their some any no every each i you he she it we they i'm you're he's she's it's we're they're i've you've we've they've i'll you'll he'll she'll we'll they'll i'd you'd he'd she'd we'd they'd am is are was were be been being have has had having do does did will would shall should can could may might must not never don't doesn't didn't won't wouldn't can't couldn't shouldn't isn't aren't wasn't weren't haven't hasn't hadn't very too there's that's what's let's all many much more most few several other another both such same own one two three"},
  {"en", kAbbreviation, "etc vs no vol fig approx dept est inc ltd co corp jr sr e.g i.e a.m p.m u.s u.k"},
  {"en", kTitle, "mr mrs ms dr prof st rev hon gen col maj capt lt sgt sen rep gov pres mt ft"},

  {"de", kConjunction, "und aber oder denn sondern doch weil dass daß ob wenn als während obwohl damit bevor nachdem bis seit sobald solange falls indem sodass wo wie was wer welche welcher welches"},
  {"de", kPreposition, "in im ins an am ans auf aufs bei beim mit nach von vom vor vorm zu zum zur über unter um für gegen ohne durch aus zwischen hinter neben trotz wegen gegenüber außer entlang innerhalb außerhalb"},
  {"de", kBindsNext, "der die das den dem des ein eine einen einem einer eines kein keine keinen keinem keiner mein meine meinen meinem meiner dein deine deinen sein seine seinen seinem seiner ihr ihre ihren ihrem ihrer unser unsere unseren euer eure dieser diese dieses diesen diesem jeder jede jedes jeden jedem ich du er sie es wir man bin bist ist sind seid war waren hat habe haben hatte hatten wird werden wurde wurden kann können muss müssen soll sollen will wollen nicht sehr zu viele vielen einige einigen manche alle allen mehr wenige andere anderen solche dessen deren mich dich sich"},
  {"de", kAbbreviation, "usw bzw ca evtl ggf inkl nr str bsp etc z.b d.h u.a"},
  {"de", kTitle, "dr prof hr fr st dipl ing"},

  {"fr", kConjunction, "et mais ou où donc or ni car que qu' qui dont quand lorsque lorsqu' si puisque puisqu' parce comme tandis quoique afin"},
  {"fr", kPreposition, "à au aux de du des d' dans en par pour sur sous avec sans chez vers entre contre depuis pendant avant après devant derrière dès jusque jusqu' selon malgré parmi"},
  {"fr", kBindsNext, "le la les l' un une ce cet cette ces mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs quelque quelques chaque je j' tu il elle on nous vous ils elles c' ne n' se s' me m' te t' y est sont était étaient a ai as ont avait avaient suis sommes êtes sera peut très plus pas plusieurs tous toutes tout toute certains certaines autre autres deux trois"},
  {"fr", kAbbreviation, "etc cf env p.ex"},
  {"fr", kTitle, "m mm mme mlle dr pr st ste me"},

  {"es", kConjunction, "y e o u pero sino ni que quien quienes cual cuales cuyo cuya porque aunque cuando donde si como mientras pues"},
  {"es", kPreposition, "a al ante bajo con contra de del desde durante en entre hacia hasta para por según sin sobre tras"},
  {"es", kBindsNext, "el la los las lo un una unos unas este esta estos estas ese esa esos esas aquel aquella mi mis tu tus su sus nuestro nuestra nuestros nuestras cada yo tú él ella nosotros ellos ellas usted ustedes me te se le les nos no muy más es son era eran fue fueron está están estaba ha he han había habían puede pueden muchos muchas mucho mucha varios varias todos todas todo toda otros otras otro otra algunos algunas dos tres"},
  {"es", kAbbreviation, "etc ej pág núm aprox"},
  {"es", kTitle, "sr sra srta dr dra d dña ud uds st sto sta"},

  {"it", kConjunction, "e ed ma o oppure né che chi cui perché quando dove se come mentre anche poiché sebbene affinché quindi"},
  {"it", kPreposition, "a ad al allo alla ai agli alle all' da dal dallo dalla dai dagli dalle dall' di del dello della dei degli delle dell' d' in nel nello nella nei negli nelle nell' su sul sullo sulla sui sugli sulle sull' con per tra fra senza verso contro dopo prima durante"},
  {"it", kBindsNext, "il lo la i gli le l' un uno una un' questo questa questi queste quel quello quella quei quegli quelle mio mia miei mie tuo tua suo sua suoi sue nostro nostra vostro loro ogni io tu lui lei noi voi mi ti si ci vi ne non molto più è sono era erano ho hai ha abbiamo hanno aveva può molti molte tutti tutte tutto tutta alcuni alcune altri altre altro due tre"},
  {"it", kAbbreviation, "ecc es pag"},
  {"it", kTitle, "sig sigg dott prof ing avv on s"},

  {"pt", kConjunction, "e mas ou nem que quem porque pois quando onde se como enquanto embora porém cujo cuja"},
  {"pt", kPreposition, "a à ao aos às de do da dos das em no na nos nas num numa por pelo pela pelos pelas para pra com sem sob sobre entre até desde contra durante após"},
  {"pt", kBindsNext, "o os as um uma uns umas este esta estes estas esse essa esses essas aquele aquela meu minha meus minhas teu tua seu sua seus suas nosso nossa cada eu tu ele ela nós eles elas você vocês me te lhe não muito mais é são era eram foi foram está estão estava tem têm tinha há pode podem muitos muitas todos todas todo toda outros outras outro outra vários várias alguns algumas dois duas três"},
  {"pt", kAbbreviation, "etc ex pág aprox"},
  {"pt", kTitle, "sr sra dr dra prof profa d st sto sta"},

  {"nl", kConjunction, "en maar of want dus omdat dat die wat wie als toen terwijl hoewel zodat voordat nadat totdat sinds waar"},
  {"nl", kPreposition, "in op aan bij met naar van voor over onder om tegen zonder door uit tussen achter naast boven binnen buiten tijdens volgens langs te"},
  {"nl", kBindsNext, "de het een dit deze mijn jouw je zijn haar ons onze hun uw elke ieder geen ik jij hij zij ze we wij jullie u is was waren ben bent heeft heb hebben had hadden wordt worden kan kunnen moet moeten zal zullen niet heel zeer 't 'n veel vele alle andere sommige meer twee drie zich"},
  {"nl", kAbbreviation, "enz bijv ca nr etc o.a d.w.z"},
  {"nl", kTitle, "dhr mevr mw dr prof ir drs mr"},

  {"ru", kConjunction, "и а но или либо да что чтобы потому если когда пока хотя как где куда который которая которое которые которого которой которых чем поэтому"},
  {"ru", kPreposition, "в во на с со к ко по о об от ото до из изо за у под подо над при про для без через между перед около после против вместо среди из-за"},
  {"ru", kBindsNext, "не ни я ты он она оно мы вы они мой моя мои твой твоя свой своя свои его её их наш наша ваш ваша этот эта это эти тот та те каждый очень самый все всё весь много другие другой два три"},
  {"ru", kBindsPrevious, "бы б же ж ли ль"},
  {"ru", kAbbreviation, "др пр т.е т.д т.п т.к руб тыс млн млрд"},
  {"ru", kTitle, "г гг ул им проф акад св"},

  {"pl", kConjunction, "i a ale lub albo oraz czy że żeby aby bo ponieważ gdy kiedy jeśli jeżeli choć jak gdzie który która które którzy którego której których więc"},
  {"pl", kPreposition, "w we na z ze do od ode po o u za pod nad przed przy przez dla bez między wśród według około podczas wokół"},
  {"pl", kBindsNext, "nie ja ty on ona ono my wy oni one mój moja moje twój swój swoja jego jej ich nasz nasza ten ta to ci te tego tej każdy bardzo się jest są był była było byli wszystkie wszyscy wiele inne inny dwa trzy"},
  {"pl", kAbbreviation, "np itd itp tzn tzw ok ul godz nr tys mln"},
  {"pl", kTitle, "dr prof mgr inż św ks p"},

  {"ja", kConjunction, "しかし そして でも だから また それで それから ただし なので つまり"},
  {"ja", kBindsPrevious, "は が を に へ で と も や の から まで より ので のに けど けれど けれども ながら たり ば て では には とは にも でも ね よ か です ます でした ました"},

  {"zh", kConjunction, "和 与 與 或 或者 但 但是 而 而且 因为 因為 所以 如果 虽然 雖然 不过 不過 然后 然後 于是 於是 并 並 并且 並且 以及 还有 還有 可是"},
  {"zh", kPreposition, "在 从 從 对 對 对于 對於 关于 關於 把 被 为 為 为了 為了 向 由 于 於 以 跟 给 給 比 按照 根据 根據"},
  {"zh", kBindsNext, "我 你 您 他 她 它 这 這 那 不 没 沒 很 最 更 也 都 就 才 又 再 是 有 会 會 能 可以 要 想 一个 一個 每"},
  {"zh", kBindsPrevious, "的 地 得 了 着 著 过 過 吗 嗎 呢 吧 啊 们 們 们的 年 月 日 号 號 个 個 米 元 人 次 中 上 下 里 裡"},

  {"ko", kConjunction, "그리고 그러나 하지만 그래서 그런데 또는 및 그러면 따라서 혹은"},
  {"ko", kBindsNext, "이 그 저 이런 그런 저런 내 네 제 우리 안 못 더 가장 아주 매우 한 두 세 모든 각"},
  {"ko", kBindsPrevious, "수 것 것이 것은 것을 때 때문에 등 년 월 일 개 명 번 원 있다 없다 있습니다 없습니다 있는 없는 합니다 했습니다 하는 대한 대해 위해 위한"},

  {"ar", kConjunction, "و ف ثم أو أم لكن ولكن بل لأن أن إن كي حتى إذا عندما حين بينما حيث الذي التي الذين اللاتي اللذان كما لو"},
  {"ar", kPreposition, "في من إلى على عن مع بعد قبل خلال بين تحت فوق أمام خلف حول ضد بدون منذ حسب نحو عند لدى"},
  {"ar", kBindsNext, "هذا هذه هؤلاء ذلك تلك كل بعض لا لم لن ما ليس قد سوف كان كانت هو هي هم أنا أنت نحن يا غير"},

  {"hi", kConjunction, "और या लेकिन मगर पर परन्तु परंतु कि क्योंकि अगर तो जब जो जिसे जिसमें जिसके इसलिए ताकि जैसे जहाँ एवं तथा"},
  {"hi", kBindsNext, "यह वह ये वे मैं हम तुम आप मेरा मेरे मेरी हमारा हमारे तुम्हारा आपका उसका उसके इसका इसके एक बहुत नहीं न मत सबसे हर इस उस"},
  {"hi", kBindsPrevious, "में से को का के की ने तक पर लिए साथ बाद पहले द्वारा ही भी है हैं था थे थी हूँ हो गया गई गए रहा रहे रही करता करते करती"},
};
// clang-format on

}  // namespace

std::span<const WordClassRow> word_class_rows() {
  return kRows;
}

}  // namespace npu::captions
