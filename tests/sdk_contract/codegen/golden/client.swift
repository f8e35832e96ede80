// Made by `sojourn plan types` from tracking plan "1.2.0". Do not edit: make it anew when the plan changes.

import Foundation

/// What is needed of an SDK.
public protocol Tracker {
    func track<P: Codable>(name: String, properties: P?)
    func identify<T: Codable>(userId: String, traits: T?)
    func group<T: Codable>(groupId: String, traits: T?)
    func page<P: Codable>(title: String, properties: P?)
    func screen<P: Codable>(title: String, properties: P?)
}

/// Any value that JSON has.
public enum JSONValue: Codable, Equatable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    public init(from decoder: Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .string(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    public func encode(to encoder: Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .array(let value): try container.encode(value)
        case .object(let value): try container.encode(value)
        }
    }
}

public struct Category: Codable, Equatable {
    public var name: String
    public var parent: Category?

    enum CodingKeys: String, CodingKey {
        case name = "name"
        case parent = "parent"
    }

    public init(name: String, parent: Category? = nil) {
        self.name = name
        self.parent = parent
    }
}

public struct ContactForm: Codable, Equatable {
    public var action: ContactFormAction
    public var form: ContactFormForm
    public var field: ContactFormField?
    public var step: ContactFormStep?

    enum CodingKeys: String, CodingKey {
        case action = "action"
        case form = "form"
        case field = "field"
        case step = "step"
    }

    public init(action: ContactFormAction, form: ContactFormForm, field: ContactFormField? = nil, step: ContactFormStep? = nil) {
        self.action = action
        self.form = form
        self.field = field
        self.step = step
    }
}

public enum ContactFormAction: String, Codable, CaseIterable {
    case start = "start"
    case field = "field"
    case submit = "submit"
    case error = "error"
    case abandon = "abandon"
}

public enum ContactFormForm: String, Codable, CaseIterable {
    case contact = "contact"
}

public enum ContactFormField: String, Codable, CaseIterable {
    case email = "email"
    case message = "message"
}

public enum ContactFormStep: String, Codable, CaseIterable {
    case write = "write"
    case send = "send"
}

public struct Delete: Codable, Equatable {
    public var class_: String
    public var reason: DeleteReason
    public var note: JSONValue?

    enum CodingKeys: String, CodingKey {
        case class_ = "class"
        case reason = "reason"
        case note = "note"
    }

    public init(class_: String, reason: DeleteReason, note: JSONValue? = nil) {
        self.class_ = class_
        self.reason = reason
        self.note = note
    }
}

public enum DeleteReason: String, Codable, CaseIterable {
    case byUser = "by user"
}

public struct DeleteNote: Codable, Equatable {
    public var text: String

    enum CodingKeys: String, CodingKey {
        case text = "text"
    }

    public init(text: String) {
        self.text = text
    }
}

public struct Event: Codable, Equatable {
    public init() {
    }
}

public struct Identify: Codable, Equatable {
    public var email: String
    public var age: Int?
    public var vip: Bool?

    enum CodingKeys: String, CodingKey {
        case email = "email"
        case age = "age"
        case vip = "vip"
    }

    public init(email: String, age: Int? = nil, vip: Bool? = nil) {
        self.email = email
        self.age = age
        self.vip = vip
    }
}

/// An amount.
public struct Money: Codable, Equatable {
    /// Whole and cents.
    public var amount: Double
    public var currency: MoneyCurrency

    enum CodingKeys: String, CodingKey {
        case amount = "amount"
        case currency = "currency"
    }

    public init(amount: Double, currency: MoneyCurrency) {
        self.amount = amount
        self.currency = currency
    }
}

public enum MoneyCurrency: String, Codable, CaseIterable {
    case cny = "CNY"
    case eur = "EUR"
    case usd = "USD"
}

/// A customer has paid */ for an order.
/// Sent once an order.
public struct OrderCompleted: Codable, Equatable {
    public var items: [OrderCompletedItemsItem]
    /// The order's number, "as printed".
    public var orderId: String
    public var total: Money
    public var coupon: String?
    public var gift: Bool?
    public var priority: Int?

    enum CodingKeys: String, CodingKey {
        case items = "items"
        case orderId = "order_id"
        case total = "total"
        case coupon = "coupon"
        case gift = "gift"
        case priority = "priority"
    }

    public init(items: [OrderCompletedItemsItem], orderId: String, total: Money, coupon: String? = nil, gift: Bool? = nil, priority: Int? = nil) {
        self.items = items
        self.orderId = orderId
        self.total = total
        self.coupon = coupon
        self.gift = gift
        self.priority = priority
    }
}

/// Another spelling of the same name.
public struct OrderCompleted2: Codable, Equatable {
    public var ok: Bool

    enum CodingKeys: String, CodingKey {
        case ok = "ok"
    }

    public init(ok: Bool) {
        self.ok = ok
    }
}

public struct OrderCompletedItemsItem: Codable, Equatable {
    public var quantity: Int
    public var sku: String
    public var size: OrderCompletedItemsItemSize?
    public var tags: [String]?

    enum CodingKeys: String, CodingKey {
        case quantity = "quantity"
        case sku = "sku"
        case size = "size"
        case tags = "tags"
    }

    public init(quantity: Int, sku: String, size: OrderCompletedItemsItemSize? = nil, tags: [String]? = nil) {
        self.quantity = quantity
        self.sku = sku
        self.size = size
        self.tags = tags
    }
}

public enum OrderCompletedItemsItemSize: String, Codable, CaseIterable {
    case s = "S"
    case m = "M"
    case l = "L"
}

public struct Page首页: Codable, Equatable {
    public var path: String

    enum CodingKeys: String, CodingKey {
        case path = "path"
    }

    public init(path: String) {
        self.path = path
    }
}

public struct Searched: Codable, Equatable {
    public var query: String
    public var results: Int?

    enum CodingKeys: String, CodingKey {
        case query = "query"
        case results = "results"
    }

    public init(query: String, results: Int? = nil) {
        self.query = query
        self.results = results
    }
}

/// 有人看了一件商品
public struct 商品浏览: Codable, Equatable {
    public var 名称: String
    public var category: Category?
    public var pageNo: Int?

    enum CodingKeys: String, CodingKey {
        case 名称 = "名称"
        case category = "category"
        case pageNo = "page-no"
    }

    public init(名称: String, category: Category? = nil, pageNo: Int? = nil) {
        self.名称 = 名称
        self.category = category
        self.pageNo = pageNo
    }
}

/// The events of the plan.
public struct Tracking {
    private let analytics: Tracker

    public init(_ analytics: Tracker) {
        self.analytics = analytics
    }

    public func identify(userId: String, properties: Identify) {
        analytics.identify(userId: userId, traits: properties)
    }

    public func page首页(_ properties: Page首页) {
        analytics.page(title: "首页", properties: properties)
    }

    public func contactForm(_ properties: ContactForm) {
        analytics.track(name: "Contact Form", properties: properties)
    }

    /// A customer has paid */ for an order.
    /// Sent once an order.
    public func orderCompleted(_ properties: OrderCompleted) {
        analytics.track(name: "Order Completed", properties: properties)
    }

    public func searched(_ properties: Searched) {
        analytics.track(name: "Searched", properties: properties)
    }

    public func delete_(_ properties: Delete) {
        analytics.track(name: "delete", properties: properties)
    }

    /// Another spelling of the same name.
    public func orderCompleted2(_ properties: OrderCompleted2) {
        analytics.track(name: "order_completed", properties: properties)
    }

    /// 有人看了一件商品
    public func 商品浏览(_ properties: 商品浏览) {
        analytics.track(name: "商品浏览", properties: properties)
    }

    public func event(_ properties: Event = Event()) {
        analytics.track(name: "🎉", properties: properties)
    }
}
