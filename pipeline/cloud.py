"""Files that are only linked to: what 超大附件, 中转站 and 网盘 leave in a mail's body.

A link counts when host and path are a provider's; it is never followed or downloaded.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from pipeline import bodies
from pipeline.model import CloudLink
from pipeline.sayings import calls_form

# Nobody links more files than this; how often a link is looked at, and how far around it for its name.
MAX_ANCHORS = 2000
SHOWN = 4
LEVELS = 5

# Provider, host, beginning of the path (with the query behind it); all lower case.
_PROVIDERS = tuple(
    (name, re.compile(host + r"$"), re.compile(path))
    for name, host, path in (
        ("网易邮箱超大附件", r"(.+\.)?mail\.(163\.com|126\.com|yeah\.net)", r"/large-attachment-download"),
        ("网易邮箱大师云附件", r"dashi\.163\.com", r"/html/cloud-attachment"),
        ("网易邮箱网盘", r"(.+\.)?(fs|netdisk|disk)\.(163|126)\.com", r"/."),
        ("网易企业邮箱云附件", r"(.+\.)?edisk\.qiye\.163\.com|(.+\.)?qiye\.163\.com", r"/.*attachment.*download"),
        (
            "QQ邮箱超大附件",
            r"(.+\.)?mail\.(qq|foxmail)\.com|(.+\.)?exmail\.qq\.com|(.+\.)?mail\.ftn\.qq\.com",
            r"/cgi-bin/ftnexs_download|/ftn/download|/ftn_handler",
        ),
        ("阿里邮箱超大附件", r".+", r"/alimail/openlinks/downloadmimemetadiskbigattach"),
        ("新浪邮箱中转站", r"(.+\.)?mail\.sina\.(com\.cn|cn|net)", r"/filecenter/download"),
        ("天翼云盘", r"(.+\.)?cloud\.189\.cn", r"/(t/|file/downloadfile|web/share)"),
        ("百度网盘", r"(pan|yun|eyun)\.baidu\.com", r"/(s/|share/|link)"),
        ("阿里云盘", r"(www\.)?(aliyundrive|alipan)\.com", r"/(s|t)/"),
        ("腾讯微云", r"(.+\.)?weiyun\.com", r"/."),
        ("蓝奏云", r"(.+\.)?lanzo\w{1,3}\.com", r"/."),
        ("金山文档", r"(www\.|365\.)?kdocs\.cn", r"/(l|p|s|view|office)/"),
        ("腾讯文档", r"docs\.qq\.com", r"/(doc|sheet|pdf|slide|folder|mind|aio|smartsheet|desktop|s)[/?]"),
        ("坚果云", r"(www\.)?jianguoyun\.com", r"/p/"),
        ("夸克网盘", r"pan\.quark\.cn", r"/s/"),
        ("123云盘", r"(www\.)?123(pan|684|865|912|952)\.(com|cn)", r"/s/"),
        ("迅雷云盘", r"pan\.xunlei\.com", r"/s/"),
        ("中国移动云盘", r"(yun|caiyun)\.139\.com", r"/(link|m/|shareweb|w/)"),
        ("UC网盘", r"(drive|fast)\.uc\.cn", r"/s/"),
        ("115网盘", r"(www\.)?115(cdn)?\.com", r"/s/"),
        ("城通网盘", r"(.+\.)?(ctfile|400gb|pipipan)\.com", r"/(f|d|fs|dir)/"),
        ("奶牛快传", r"(.+\.)?cowtransfer\.com", r"/s/"),
        ("文叔叔", r"(www\.)?(wenshushu\.cn|wss\.ink|wss1\.cn)", r"/(f|k|box)/"),
        ("飞书云文档", r".+\.(feishu\.cn|larksuite\.com)", r"/(file|drive|docx?|sheets|wiki)/"),
        ("钉钉文档", r"(alidocs|qr)\.dingtalk\.com", r"/(i/|page/yunpan)"),
        ("OneDrive", r"1drv\.ms|onedrive\.live\.com|.+\.sharepoint\.(com|cn)", r"/."),
        ("Google 云端硬盘", r"(drive|docs)\.google\.com", r"/(file|drive|document|spreadsheets|open|uc)"),
        ("Dropbox", r"(www\.)?dropbox\.com", r"/(s|scl|t|sh)/"),
        ("WeTransfer", r"(.+\.)?wetransfer\.com|we\.tl", r"/(downloads|t-)"),
        (
            "高校网盘",
            r"(.+\.)?(e?pan|disk|yunpan|yun|cloud|drive|j?box|netdisk|wp|ecloud)\.[a-z0-9-]+\.edu\.cn",
            r"/(.*/)?(f|d|l|s|link|share|sharing|anyshare|#?/?link)/",
        ),
    )
)

_URL = re.compile(r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]{4,2000}")
_SIZE = r"\d+(?:\.\d+)?\s*(?:[KMGT]i?B?|B|字节|bytes)"
_NAME = re.compile(r"([^\s\\/:*?\"<>|()（），,：]{1,150}\.[A-Za-z0-9]{2,5})(?![A-Za-z0-9])")
_FACTS = re.compile(rf"[(（]\s*({_SIZE})\s*(?:[,，;；]\s*([^()（）]{{2,60}}?))?\s*[)）]", re.IGNORECASE)
_BARE_SIZE = re.compile(rf"(?<![\w.]){_SIZE}(?![\w.])", re.IGNORECASE)
_EXPIRY = re.compile(
    r"无限期|永久有效|已过期|\d{4}\s*[年/.-]\s*\d{1,2}\s*[月/.-]\s*\d{1,2}\s*日?(?:\s*\d{1,2}:\d{2}(?::\d{2})?)?"
    r"|(?<=Expires on )[^()]{3,40}"
)
_BUTTON = re.compile(
    r"(进入)?(点击|点此|立即)?(下载|打开|查看|预览|转存|保存)?(页面|附件|全部|链接)?[:：]?$|download|https?:",
    re.IGNORECASE,
)
# What is said, in the same sentence, of an address behind which a file lies, and of one that only leads to publicity.
_SENTENCE = re.compile(r"[。；;！!？?]")
_OF_FILE = re.compile(r"附件|材料|文件|网盘|云盘|压缩|打包|提取码|密码|下载|超大|中转")
_OF_PUBLICITY = re.compile(r"宣传|报道|新闻|推文|公众号|视频|影像|照片|图片|佐证")


class _Sight(Struct, frozen=True):
    """One appearance of a link: its address, its own words, and the words around it; whether it is only mentioned."""

    url: str
    label: str
    around: str
    mentioned: bool = False


def own_links(body: bodies.Html, text: str) -> tuple[CloudLink, ...]:
    """The cloud links in the part of a mail its sender wrote, each once, in order of appearance, of bodies already freed of
    quotes; the text is looked at for links the HTML does not have."""
    found: dict[str, CloudLink] = {}
    for sight in [*_anchors(body.tree), *_bare(body.text), *_bare(text)]:
        provider = provider_of(sight.url)
        if provider:
            key = _key(sight.url)
            found[key] = _richer(found.get(key, CloudLink(provider, sight.url, mentioned=True)), sight)
    return tuple(found.values())


@lru_cache(maxsize=1000)
def provider_of(url: str) -> str:
    """The Chinese name of the provider whose file link this is, "" if it is none."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").lower()
    except ValueError:
        return ""
    if parts.scheme.lower() not in ("http", "https") or not host:
        return ""
    fragment = f"#{parts.fragment}" if parts.fragment.startswith(("/", "!")) else ""
    path = f"{parts.path}{'?' if parts.query else ''}{fragment}".lower()
    return next((name for name, hosts, paths in _PROVIDERS if hosts.match(host) and paths.match(path)), "")


def _key(url: str) -> str:
    """The same link is shown as icon, name and button, with http or https."""
    return re.sub(r"^https?://", "", url.strip()).rstrip("/")


def _anchors(tree: Any) -> Iterator[_Sight]:
    if tree is None:
        return
    anchors = [(element, _target(element)) for element in islice(tree.iter("a", "span"), MAX_ANCHORS)]
    linked = [(element, url) for element, url in anchors if provider_of(url)]
    # Which links stand in a block is counted once for all, a bounded number of levels up.
    held: dict[Any, set[str]] = {}
    for element, url in linked:
        for block in islice(element.iterancestors(), LEVELS):
            held.setdefault(block, set()).add(_key(url))
    seen: Counter[str] = Counter()
    for element, url in linked:
        seen[url] += 1
        if seen[url] <= SHOWN:
            label = element.get("download") or element.get("filename") or bodies.clean("".join(element.itertext()))
            around = _around(element, held)
            facts = f" ({element.get('filesize') or ''} {element.get('expiretime') or ''})"
            # Mail programs make a link of every address that is typed.
            if label.startswith("http") or _key(label) == _key(url):
                before, _, after = around.partition(label)
                yield _Sight(url, "", around + facts, _is_mention(before, after))
            else:
                yield _Sight(url, label, around + facts)


def _target(element: Any) -> str:
    return ((element.get("href") if element.tag == "a" else element.get("downloadlink")) or "").strip()


def _around(element: Any, held: Mapping[Any, set[str]]) -> str:
    """The words of the smallest block about a link that tells size or expiry, as long as it holds no other link."""
    block = element
    for ancestor in islice(element.iterancestors(), LEVELS):
        if ancestor.tag in ("body", "html") or len(held[ancestor]) > 1:
            break
        block = ancestor
        words = _words(block)
        if _FACTS.search(words) or _EXPIRY.search(words):
            return words
    return f"{_words(block)} {element.tail or ''}"[:600]


def _words(block: Any) -> str:
    return bodies.clean(" ".join(islice(block.itertext(), 40))[:400])


def _bare(text: str) -> Iterator[_Sight]:
    """Addresses in running text, with their line and the one before, where the file's name stands."""
    lines = text.splitlines()
    for index, line in enumerate(lines):
        for match in _URL.finditer(line):
            before = line[max(0, match.start() - 300) : match.start()]
            if len(before) < 5 and index:
                before = f"{lines[index - 1][-300:]} {before}"
            mentioned = _is_mention(before, line[match.end() :])
            yield _Sight(match[0].rstrip(".,;:!?)]'"), "", before, mentioned)


def _is_mention(before: str, after: str) -> bool:
    """Whether the sentence in which an address stands says nothing of a file."""
    sentence = _SENTENCE.split(before)[-1] + _SENTENCE.split(after[:40])[0]
    return not calls_form(sentence) and not (_OF_FILE.search(sentence) and not _OF_PUBLICITY.search(sentence))


def _richer(link: CloudLink, sight: _Sight) -> CloudLink:
    """The link with what this appearance adds: name, size, expiry, each only if not known yet."""
    facts = _FACTS.search(sight.around)
    size = facts[1] if facts else next(iter(_BARE_SIZE.findall(sight.around)), "")
    told = facts[2] if facts and facts[2] else ""
    expiry = _EXPIRY.search(told) or _EXPIRY.search(sight.around)
    label = "" if _BUTTON.match(sight.label) or len(sight.label) > 200 else sight.label
    before = sight.around[: facts.start()] if facts else sight.around
    name = label if _NAME.search(label) else _last_name(before) or label
    shown = link.name or name.strip()
    size = link.size or size.replace(" ", "")
    expires = link.expires or (expiry[0].strip() if expiry else "")
    mentioned = link.mentioned and sight.mentioned and not (shown or size or expires)
    return replace(link, name=shown, size=size, expires=expires, mentioned=mentioned)


def _last_name(words: str) -> str:
    """The file name nearest before a link."""
    names: list[str] = _NAME.findall(_URL.sub(" ", words))
    return next((name for name in reversed(names) if not name.lower().endswith((".com", ".cn", ".html"))), "")
