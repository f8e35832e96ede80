// Made by `sojourn plan types` from tracking plan "1.2.0". Do not edit: make it anew when the plan changes.

import kotlinx.serialization.SerialName
import kotlinx.serialization.Serializable
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonNull
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.encodeToJsonElement
import kotlinx.serialization.json.jsonObject

/** What is needed of an SDK; each function hands on to the one of the same name. */
interface Analytics {
    fun track(event: String, properties: JsonObject)
    fun identify(userId: String, traits: JsonObject)
    fun group(groupId: String, traits: JsonObject)
    fun page(name: String, properties: JsonObject)
    fun screen(name: String, properties: JsonObject)
}

@Serializable
data class Category(
    val name: String,
    val parent: Category? = null,
)

@Serializable
data class ContactForm(
    val action: ContactFormAction,
    val form: ContactFormForm,
    val field: ContactFormField? = null,
    val step: ContactFormStep? = null,
)

@Serializable
enum class ContactFormAction {
    @SerialName("start") Start,
    @SerialName("field") Field,
    @SerialName("submit") Submit,
    @SerialName("error") Error,
    @SerialName("abandon") Abandon,
}

@Serializable
enum class ContactFormForm {
    @SerialName("contact") Contact,
}

@Serializable
enum class ContactFormField {
    @SerialName("email") Email,
    @SerialName("message") Message,
}

@Serializable
enum class ContactFormStep {
    @SerialName("write") Write,
    @SerialName("send") Send,
}

@Serializable
data class Delete(
    @SerialName("class") val class_: String,
    val reason: DeleteReason,
    val note: JsonElement? = null,
)

@Serializable
enum class DeleteReason {
    @SerialName("by user") ByUser,
}

@Serializable
data class DeleteNote(
    val text: String,
)

@Serializable
class Event

@Serializable
data class Identify(
    val email: String,
    val age: Long? = null,
    val vip: Boolean? = null,
)

/** An amount. */
@Serializable
data class Money(
    /** Whole and cents. */
    val amount: Double,
    val currency: MoneyCurrency,
)

@Serializable
enum class MoneyCurrency {
    @SerialName("CNY") CNY,
    @SerialName("EUR") EUR,
    @SerialName("USD") USD,
}

/** A customer has paid * / for an order. Sent once an order. */
@Serializable
data class OrderCompleted(
    val items: List<OrderCompletedItemsItem>,
    /** The order's number, "as printed". */
    @SerialName("order_id") val orderId: String,
    val total: Money,
    val coupon: String? = null,
    val gift: Boolean? = null,
    val priority: Long? = null,
)

/** Another spelling of the same name. */
@Serializable
data class OrderCompleted2(
    val ok: Boolean,
)

@Serializable
data class OrderCompletedItemsItem(
    val quantity: Long,
    val sku: String,
    val size: OrderCompletedItemsItemSize? = null,
    val tags: List<String>? = null,
)

@Serializable
enum class OrderCompletedItemsItemSize {
    @SerialName("S") S,
    @SerialName("M") M,
    @SerialName("L") L,
}

@Serializable
data class Page首页(
    val path: String,
)

@Serializable
data class Searched(
    val query: String,
    val results: Long? = null,
)

/** 有人看了一件商品 */
@Serializable
data class 商品浏览(
    val 名称: String,
    val category: Category? = null,
    @SerialName("page-no") val pageNo: Long? = null,
)

/** The events of the plan. */
class Tracking(private val analytics: Analytics) {

    fun identify(userId: String, properties: Identify) =
        analytics.identify(userId, Json.encodeToJsonElement(properties).jsonObject)

    fun page首页(properties: Page首页) =
        analytics.page("首页", Json.encodeToJsonElement(properties).jsonObject)

    fun contactForm(properties: ContactForm) =
        analytics.track("Contact Form", Json.encodeToJsonElement(properties).jsonObject)

    /** A customer has paid * / for an order. Sent once an order. */
    fun orderCompleted(properties: OrderCompleted) =
        analytics.track("Order Completed", Json.encodeToJsonElement(properties).jsonObject)

    fun searched(properties: Searched) =
        analytics.track("Searched", Json.encodeToJsonElement(properties).jsonObject)

    fun delete_(properties: Delete) =
        analytics.track("delete", Json.encodeToJsonElement(properties).jsonObject)

    /** Another spelling of the same name. */
    fun orderCompleted2(properties: OrderCompleted2) =
        analytics.track("order_completed", Json.encodeToJsonElement(properties).jsonObject)

    /** 有人看了一件商品 */
    fun 商品浏览(properties: 商品浏览) =
        analytics.track("商品浏览", Json.encodeToJsonElement(properties).jsonObject)

    fun event(properties: Event = Event()) =
        analytics.track("🎉", Json.encodeToJsonElement(properties).jsonObject)
}
