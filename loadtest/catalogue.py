"""What the demo shop sells and who visits it: names, products, courses, pages, campaigns, devices."""

from typing import Final, NamedTuple

SHOP: Final = "https://shop.linhe.example"


class Product(NamedTuple):
    product_id: str
    name: str
    category: str
    price: float


class Course(NamedTuple):
    course_id: str
    name: str
    teacher: str
    lessons: int


class Page(NamedTuple):
    path: str
    title: str


class Campaign(NamedTuple):
    source: str
    medium: str
    name: str
    term: str
    content: str


class Agent(NamedTuple):
    kind: str  # "web", "wechat" or "app"
    text: str
    os_name: str
    os_version: str
    width: int
    height: int
    model: str = ""


PRODUCTS: Final = (
    Product("P-1001", "龙井茶 250g", "茶叶", 168.0),
    Product("P-1002", "Oolong Tea Sampler", "tea", 39.9),
    Product("P-1003", "青花瓷茶杯", "茶具", 89.0),
    Product("P-1004", "Cast Iron Teapot", "teaware", 74.5),
    Product("P-1005", "宣纸 四尺 100张", "文房", 128.0),
    Product("P-1006", "Calligraphy Brush Set", "stationery", 46.0),
    Product("P-1007", "真丝围巾 “春晓”", "服饰", 399.0),
    Product("P-1008", "Linen Shirt — Sand", "clothing", 59.0),
    Product("P-1009", "降噪耳机 Pro", "数码", 1299.0),
    Product("P-1010", "USB-C Desk Lamp", "home", 45.0),
    Product("P-1011", "有机枸杞 500g", "食品", 58.8),
    Product("P-1012", "Dark Chocolate 85 %", "food", 6.5),
    Product("P-1013", "儿童绘本《山海经》", "图书", 68.0),
    Product("P-1014", "Paperback: The Art of Data", "books", 24.0),
    Product("P-1015", "瑜伽垫 6mm", "运动", 99.0),
    Product("P-1016", "Trail Running Vest", "sports", 88.0),
)
COURSES: Final = (
    Course("C-201", "数据分析入门", "王老师", 24),
    Course("C-202", "Python for Analysts", "Ada Brook", 32),
    Course("C-203", "书法三十讲", "沈墨", 30),
    Course("C-204", "Business English B2", "Tom Hale", 20),
    Course("C-205", "SQL 从零到一", "陈思远", 18),
    Course("C-206", "Product Management 101", "Grace Liu", 16),
    Course("C-207", "茶道与生活", "林清和", 12),
    Course("C-208", "Deep Learning 深度学习", "Dr. Zhao", 40),
)
PAGES: Final = (
    Page("/", "林荷商店 · 首页"),
    Page("/en", "Linhe Shop · Home"),
    Page("/tea", "茶与茶具"),
    Page("/en/clothing", "Clothing"),
    Page("/sale?season=autumn", "秋季特惠 50% off 🍂"),
    Page("/courses", "课程中心"),
    Page("/en/courses", "Courses"),
    Page("/help/shipping", "配送说明"),
    Page("/blog/how-to-brew", "How to brew green tea"),
    Page("/search?q=%E8%8C%B6", "搜索：茶"),
)
CAMPAIGNS: Final = (
    Campaign("baidu", "cpc", "双十一大促", "茶叶 礼盒", "banner-a"),
    Campaign("google", "cpc", "autumn-sale", "green tea", "text-1"),
    Campaign("wechat", "social", "公众号推文-2041", "", "阅读原文"),
    Campaign("newsletter", "email", "weekly-46", "", "hero"),
    Campaign("xiaohongshu", "kol", "茶席美学", "", "note-88"),
    Campaign("bilibili", "video", "course-launch", "python", "preroll"),
)
REFERRERS: Final = (
    "",
    "",
    "https://www.baidu.com/link?url=xYz",
    "https://www.google.com/",
    "https://mp.weixin.qq.com/s/aBcD",
    "https://www.zhihu.com/question/30102",
    "https://news.ycombinator.com/",
)
AGENTS: Final = (
    Agent(
        "web",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/142.0.0.0 Safari/537.36",
        "Windows",
        "10",
        1920,
        1080,
    ),
    Agent(
        "web",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.1 Safari/605.1.15",
        "macOS",
        "10.15.7",
        1440,
        900,
    ),
    Agent(
        "web",
        "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
        "Linux",
        "",
        2560,
        1440,
    ),
    Agent(
        "web",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.1 Mobile/15E148 Safari/604.1",
        "iOS",
        "18.1",
        393,
        852,
    ),
    Agent(
        "wechat",
        "Mozilla/5.0 (Linux; Android 14; V2302A Build/UP1A.231005.007; wv) AppleWebKit/537.36 "
        "(KHTML, like Gecko) Version/4.0 Chrome/130.0.0.0 Mobile Safari/537.36 "
        "MicroMessenger/8.0.53.2740(0x28003534) "
        "WeChat/arm64 Weixin NetType/WIFI Language/zh_CN ABI/arm64",
        "Android",
        "14",
        412,
        915,
    ),
    Agent("app", "LinheCourses/4.2.1 (iPhone; iOS 18.1; Scale/3.00)", "iOS", "18.1", 393, 852, "iPhone16,1"),
    Agent("app", "LinheCourses/4.2.0 (Linux; U; Android 14; Pixel 8)", "Android", "14", 412, 915, "Pixel 8"),
)
WEB_AGENTS: Final = tuple(agent for agent in AGENTS if agent.kind != "app")
APP_AGENTS: Final = tuple(agent for agent in AGENTS if agent.kind == "app")

SURNAMES: Final = tuple("王李张刘陈杨黄赵周吴徐孙马朱胡林郭何高罗郑梁谢宋唐许韩冯邓曹")
GIVEN: Final = (
    "伟",
    "芳",
    "娜",
    "敏",
    "静",
    "思远",
    "雨桐",
    "子涵",
    "浩然",
    "欣怡",
    "一诺",
    "梓萱",
    "建国",
    "晓明",
)
FIRST: Final = (
    "Ada",
    "Ben",
    "Clara",
    "Diego",
    "Emma",
    "Farid",
    "Grace",
    "Hugo",
    "Ines",
    "Jonas",
    "Zoë",
    "Noël",
)
LAST: Final = ("Smith", "Müller", "García", "O’Neil", "Brook", "Tanaka", "Rossi", "Novák", "Silva", "Khan")
PLANS: Final = ("free", "free", "free", "plus", "team")
CITIES: Final = ("上海", "北京", "杭州", "成都", "深圳", "Berlin", "London", "Singapore", "São Paulo")
CLASSES: Final = ("班级-2026-秋", "team-analytics", "书法社", "acme-gmbh")
ZH_LOCALE: Final = ("zh-CN", "Asia/Shanghai")
EN_LOCALES: Final = (
    ("en-US", "America/New_York"),
    ("en-GB", "Europe/London"),
    ("de-DE", "Europe/Berlin"),
    ("en-SG", "Asia/Singapore"),
)
