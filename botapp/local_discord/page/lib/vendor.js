/*! @lit/context 1.1.6 (BSD-3-Clause), @lit/reactive-element 2.1.2 (BSD-3-Clause), @skyra/discord-components-core 4.0.2 (MIT), lit 3.3.3 (BSD-3-Clause), lit-element 4.2.2 (BSD-3-Clause), lit-html 3.3.3 (BSD-3-Clause); the licences are in vendor.LICENSE.txt */
var Bs="/avatars/0.svg";globalThis.$discordMessage={avatars:Object.fromEntries(["default","blue","gray","green","orange","red","pink"].map(i=>[i,Bs]))};var Ot=globalThis,It=Ot.ShadowRoot&&(Ot.ShadyCSS===void 0||Ot.ShadyCSS.nativeShadow)&&"adoptedStyleSheets"in Document.prototype&&"replace"in CSSStyleSheet.prototype,wi=Symbol(),cs=new WeakMap,gt=class{constructor(t,s,e){if(this._$cssResult$=!0,e!==wi)throw Error("CSSResult is not constructable. Use `unsafeCSS` or `css` instead.");this.cssText=t,this.t=s}get styleSheet(){let t=this.o,s=this.t;if(It&&t===void 0){let e=s!==void 0&&s.length===1;e&&(t=cs.get(s)),t===void 0&&((this.o=t=new CSSStyleSheet).replaceSync(this.cssText),e&&cs.set(s,t))}return t}toString(){return this.cssText}},ds=i=>new gt(typeof i=="string"?i:i+"",void 0,wi),N=(i,...t)=>{let s=i.length===1?i[0]:t.reduce((e,r,h)=>e+(a=>{if(a._$cssResult$===!0)return a.cssText;if(typeof a=="number")return a;throw Error("Value passed to 'css' function must be a 'css' function result: "+a+". Use 'unsafeCSS' to pass non-literal values, but take care to ensure page security.")})(r)+i[h+1],i[0]);return new gt(s,i,wi)},ms=(i,t)=>{if(It)i.adoptedStyleSheets=t.map(s=>s instanceof CSSStyleSheet?s:s.styleSheet);else for(let s of t){let e=document.createElement("style"),r=Ot.litNonce;r!==void 0&&e.setAttribute("nonce",r),e.textContent=s.cssText,i.appendChild(e)}},Hi=It?i=>i:i=>i instanceof CSSStyleSheet?(t=>{let s="";for(let e of t.cssRules)s+=e.cssText;return ds(s)})(i):i;var{is:Ns,defineProperty:Ls,getOwnPropertyDescriptor:Rs,getOwnPropertyNames:Us,getOwnPropertySymbols:Fs,getPrototypeOf:qs}=Object,Pt=globalThis,fs=Pt.trustedTypes,Zs=fs?fs.emptyScript:"",Ws=Pt.reactiveElementPolyfillSupport,zt=(i,t)=>i,_t={toAttribute(i,t){switch(t){case Boolean:i=i?Zs:null;break;case Object:case Array:i=i==null?i:JSON.stringify(i)}return i},fromAttribute(i,t){let s=i;switch(t){case Boolean:s=i!==null;break;case Number:s=i===null?null:Number(i);break;case Object:case Array:try{s=JSON.parse(i)}catch{s=null}}return s}},Bt=(i,t)=>!Ns(i,t),vs={attribute:!0,type:String,converter:_t,reflect:!1,useDefault:!1,hasChanged:Bt};Symbol.metadata??=Symbol("metadata"),Pt.litPropertyMetadata??=new WeakMap;var Ce=class extends HTMLElement{static addInitializer(t){this._$Ei(),(this.l??=[]).push(t)}static get observedAttributes(){return this.finalize(),this._$Eh&&[...this._$Eh.keys()]}static createProperty(t,s=vs){if(s.state&&(s.attribute=!1),this._$Ei(),this.prototype.hasOwnProperty(t)&&((s=Object.create(s)).wrapped=!0),this.elementProperties.set(t,s),!s.noAccessor){let e=Symbol(),r=this.getPropertyDescriptor(t,e,s);r!==void 0&&Ls(this.prototype,t,r)}}static getPropertyDescriptor(t,s,e){let{get:r,set:h}=Rs(this.prototype,t)??{get(){return this[s]},set(a){this[s]=a}};return{get:r,set(a){let n=r?.call(this);h?.call(this,a),this.requestUpdate(t,n,e)},configurable:!0,enumerable:!0}}static getPropertyOptions(t){return this.elementProperties.get(t)??vs}static _$Ei(){if(this.hasOwnProperty(zt("elementProperties")))return;let t=qs(this);t.finalize(),t.l!==void 0&&(this.l=[...t.l]),this.elementProperties=new Map(t.elementProperties)}static finalize(){if(this.hasOwnProperty(zt("finalized")))return;if(this.finalized=!0,this._$Ei(),this.hasOwnProperty(zt("properties"))){let s=this.properties,e=[...Us(s),...Fs(s)];for(let r of e)this.createProperty(r,s[r])}let t=this[Symbol.metadata];if(t!==null){let s=litPropertyMetadata.get(t);if(s!==void 0)for(let[e,r]of s)this.elementProperties.set(e,r)}this._$Eh=new Map;for(let[s,e]of this.elementProperties){let r=this._$Eu(s,e);r!==void 0&&this._$Eh.set(r,s)}this.elementStyles=this.finalizeStyles(this.styles)}static finalizeStyles(t){let s=[];if(Array.isArray(t)){let e=new Set(t.flat(1/0).reverse());for(let r of e)s.unshift(Hi(r))}else t!==void 0&&s.push(Hi(t));return s}static _$Eu(t,s){let e=s.attribute;return e===!1?void 0:typeof e=="string"?e:typeof t=="string"?t.toLowerCase():void 0}constructor(){super(),this._$Ep=void 0,this.isUpdatePending=!1,this.hasUpdated=!1,this._$Em=null,this._$Ev()}_$Ev(){this._$ES=new Promise(t=>this.enableUpdating=t),this._$AL=new Map,this._$E_(),this.requestUpdate(),this.constructor.l?.forEach(t=>t(this))}addController(t){(this._$EO??=new Set).add(t),this.renderRoot!==void 0&&this.isConnected&&t.hostConnected?.()}removeController(t){this._$EO?.delete(t)}_$E_(){let t=new Map,s=this.constructor.elementProperties;for(let e of s.keys())this.hasOwnProperty(e)&&(t.set(e,this[e]),delete this[e]);t.size>0&&(this._$Ep=t)}createRenderRoot(){let t=this.shadowRoot??this.attachShadow(this.constructor.shadowRootOptions);return ms(t,this.constructor.elementStyles),t}connectedCallback(){this.renderRoot??=this.createRenderRoot(),this.enableUpdating(!0),this._$EO?.forEach(t=>t.hostConnected?.())}enableUpdating(t){}disconnectedCallback(){this._$EO?.forEach(t=>t.hostDisconnected?.())}attributeChangedCallback(t,s,e){this._$AK(t,e)}_$ET(t,s){let e=this.constructor.elementProperties.get(t),r=this.constructor._$Eu(t,e);if(r!==void 0&&e.reflect===!0){let h=(e.converter?.toAttribute!==void 0?e.converter:_t).toAttribute(s,e.type);this._$Em=t,h==null?this.removeAttribute(r):this.setAttribute(r,h),this._$Em=null}}_$AK(t,s){let e=this.constructor,r=e._$Eh.get(t);if(r!==void 0&&this._$Em!==r){let h=e.getPropertyOptions(r),a=typeof h.converter=="function"?{fromAttribute:h.converter}:h.converter?.fromAttribute!==void 0?h.converter:_t;this._$Em=r;let n=a.fromAttribute(s,h.type);this[r]=n??this._$Ej?.get(r)??n,this._$Em=null}}requestUpdate(t,s,e,r=!1,h){if(t!==void 0){let a=this.constructor;if(r===!1&&(h=this[t]),e??=a.getPropertyOptions(t),!((e.hasChanged??Bt)(h,s)||e.useDefault&&e.reflect&&h===this._$Ej?.get(t)&&!this.hasAttribute(a._$Eu(t,e))))return;this.C(t,s,e)}this.isUpdatePending===!1&&(this._$ES=this._$EP())}C(t,s,{useDefault:e,reflect:r,wrapped:h},a){e&&!(this._$Ej??=new Map).has(t)&&(this._$Ej.set(t,a??s??this[t]),h!==!0||a!==void 0)||(this._$AL.has(t)||(this.hasUpdated||e||(s=void 0),this._$AL.set(t,s)),r===!0&&this._$Em!==t&&(this._$Eq??=new Set).add(t))}async _$EP(){this.isUpdatePending=!0;try{await this._$ES}catch(s){Promise.reject(s)}let t=this.scheduleUpdate();return t!=null&&await t,!this.isUpdatePending}scheduleUpdate(){return this.performUpdate()}performUpdate(){if(!this.isUpdatePending)return;if(!this.hasUpdated){if(this.renderRoot??=this.createRenderRoot(),this._$Ep){for(let[r,h]of this._$Ep)this[r]=h;this._$Ep=void 0}let e=this.constructor.elementProperties;if(e.size>0)for(let[r,h]of e){let{wrapped:a}=h,n=this[r];a!==!0||this._$AL.has(r)||n===void 0||this.C(r,void 0,h,n)}}let t=!1,s=this._$AL;try{t=this.shouldUpdate(s),t?(this.willUpdate(s),this._$EO?.forEach(e=>e.hostUpdate?.()),this.update(s)):this._$EM()}catch(e){throw t=!1,this._$EM(),e}t&&this._$AE(s)}willUpdate(t){}_$AE(t){this._$EO?.forEach(s=>s.hostUpdated?.()),this.hasUpdated||(this.hasUpdated=!0,this.firstUpdated(t)),this.updated(t)}_$EM(){this._$AL=new Map,this.isUpdatePending=!1}get updateComplete(){return this.getUpdateComplete()}getUpdateComplete(){return this._$ES}shouldUpdate(t){return!0}update(t){this._$Eq&&=this._$Eq.forEach(s=>this._$ET(s,this[s])),this._$EM()}updated(t){}firstUpdated(t){}};Ce.elementStyles=[],Ce.shadowRootOptions={mode:"open"},Ce[zt("elementProperties")]=new Map,Ce[zt("finalized")]=new Map,Ws?.({ReactiveElement:Ce}),(Pt.reactiveElementVersions??=[]).push("2.1.2");var ki=globalThis,ps=i=>i,Nt=ki.trustedTypes,us=Nt?Nt.createPolicy("lit-html",{createHTML:i=>i}):void 0,Ti="$lit$",Ee=`lit$${Math.random().toFixed(9).slice(2)}$`,Ci="?"+Ee,Gs=`<${Ci}>`,Ne=document,yt=()=>Ne.createComment(""),Mt=i=>i===null||typeof i!="object"&&typeof i!="function",Ei=Array.isArray,Ms=i=>Ei(i)||typeof i?.[Symbol.iterator]=="function",$i=`[ 	
\f\r]`,bt=/<(?:(!--|\/[^a-zA-Z])|(\/?[a-zA-Z][^>\s]*)|(\/?$))/g,gs=/-->/g,zs=/>/g,Pe=RegExp(`>|${$i}(?:([^\\s"'>=/]+)(${$i}*=${$i}*(?:[^ 	
\f\r"'\`<>=]|("|')|))|$)`,"g"),_s=/'/g,bs=/"/g,xs=/^(?:script|style|textarea|title)$/i,Vi=i=>(t,...s)=>({_$litType$:i,strings:t,values:s}),f=Vi(1),C=Vi(2),va=Vi(3),ee=Symbol.for("lit-noChange"),G=Symbol.for("lit-nothing"),ys=new WeakMap,Be=Ne.createTreeWalker(Ne,129);function ws(i,t){if(!Ei(i)||!i.hasOwnProperty("raw"))throw Error("invalid template strings array");return us!==void 0?us.createHTML(t):t}var Hs=(i,t)=>{let s=i.length-1,e=[],r,h=t===2?"<svg>":t===3?"<math>":"",a=bt;for(let n=0;n<s;n++){let v=i[n],d,l,o=-1,b=0;for(;b<v.length&&(a.lastIndex=b,l=a.exec(v),l!==null);)b=a.lastIndex,a===bt?l[1]==="!--"?a=gs:l[1]!==void 0?a=zs:l[2]!==void 0?(xs.test(l[2])&&(r=RegExp("</"+l[2],"g")),a=Pe):l[3]!==void 0&&(a=Pe):a===Pe?l[0]===">"?(a=r??bt,o=-1):l[1]===void 0?o=-2:(o=a.lastIndex-l[2].length,d=l[1],a=l[3]===void 0?Pe:l[3]==='"'?bs:_s):a===bs||a===_s?a=Pe:a===gs||a===zs?a=bt:(a=Pe,r=void 0);let p=a===Pe&&i[n+1].startsWith("/>")?" ":"";h+=a===bt?v+Gs:o>=0?(e.push(d),v.slice(0,o)+Ti+v.slice(o)+Ee+p):v+Ee+(o===-2?n:p)}return[ws(i,h+(i[s]||"<?>")+(t===2?"</svg>":t===3?"</math>":"")),e]},xt=class i{constructor({strings:t,_$litType$:s},e){let r;this.parts=[];let h=0,a=0,n=t.length-1,v=this.parts,[d,l]=Hs(t,s);if(this.el=i.createElement(d,e),Be.currentNode=this.el.content,s===2||s===3){let o=this.el.content.firstChild;o.replaceWith(...o.childNodes)}for(;(r=Be.nextNode())!==null&&v.length<n;){if(r.nodeType===1){if(r.hasAttributes())for(let o of r.getAttributeNames())if(o.endsWith(Ti)){let b=l[a++],p=r.getAttribute(o).split(Ee),u=/([.?@])?(.*)/.exec(b);v.push({type:1,index:h,name:u[2],strings:p,ctor:u[1]==="."?Rt:u[1]==="?"?Ut:u[1]==="@"?Ft:Re}),r.removeAttribute(o)}else o.startsWith(Ee)&&(v.push({type:6,index:h}),r.removeAttribute(o));if(xs.test(r.tagName)){let o=r.textContent.split(Ee),b=o.length-1;if(b>0){r.textContent=Nt?Nt.emptyScript:"";for(let p=0;p<b;p++)r.append(o[p],yt()),Be.nextNode(),v.push({type:2,index:++h});r.append(o[b],yt())}}}else if(r.nodeType===8)if(r.data===Ci)v.push({type:2,index:h});else{let o=-1;for(;(o=r.data.indexOf(Ee,o+1))!==-1;)v.push({type:7,index:h}),o+=Ee.length-1}h++}}static createElement(t,s){let e=Ne.createElement("template");return e.innerHTML=t,e}};function Le(i,t,s=i,e){if(t===ee)return t;let r=e!==void 0?s._$Co?.[e]:s._$Cl,h=Mt(t)?void 0:t._$litDirective$;return r?.constructor!==h&&(r?._$AO?.(!1),h===void 0?r=void 0:(r=new h(i),r._$AT(i,s,e)),e!==void 0?(s._$Co??=[])[e]=r:s._$Cl=r),r!==void 0&&(t=Le(i,r._$AS(i,t.values),r,e)),t}var Lt=class{constructor(t,s){this._$AV=[],this._$AN=void 0,this._$AD=t,this._$AM=s}get parentNode(){return this._$AM.parentNode}get _$AU(){return this._$AM._$AU}u(t){let{el:{content:s},parts:e}=this._$AD,r=(t?.creationScope??Ne).importNode(s,!0);Be.currentNode=r;let h=Be.nextNode(),a=0,n=0,v=e[0];for(;v!==void 0;){if(a===v.index){let d;v.type===2?d=new Ze(h,h.nextSibling,this,t):v.type===1?d=new v.ctor(h,v.name,v.strings,this,t):v.type===6&&(d=new qt(h,this,t)),this._$AV.push(d),v=e[++n]}a!==v?.index&&(h=Be.nextNode(),a++)}return Be.currentNode=Ne,r}p(t){let s=0;for(let e of this._$AV)e!==void 0&&(e.strings!==void 0?(e._$AI(t,e,s),s+=e.strings.length-2):e._$AI(t[s])),s++}},Ze=class i{get _$AU(){return this._$AM?._$AU??this._$Cv}constructor(t,s,e,r){this.type=2,this._$AH=G,this._$AN=void 0,this._$AA=t,this._$AB=s,this._$AM=e,this.options=r,this._$Cv=r?.isConnected??!0}get parentNode(){let t=this._$AA.parentNode,s=this._$AM;return s!==void 0&&t?.nodeType===11&&(t=s.parentNode),t}get startNode(){return this._$AA}get endNode(){return this._$AB}_$AI(t,s=this){t=Le(this,t,s),Mt(t)?t===G||t==null||t===""?(this._$AH!==G&&this._$AR(),this._$AH=G):t!==this._$AH&&t!==ee&&this._(t):t._$litType$!==void 0?this.$(t):t.nodeType!==void 0?this.T(t):Ms(t)?this.k(t):this._(t)}O(t){return this._$AA.parentNode.insertBefore(t,this._$AB)}T(t){this._$AH!==t&&(this._$AR(),this._$AH=this.O(t))}_(t){this._$AH!==G&&Mt(this._$AH)?this._$AA.nextSibling.data=t:this.T(Ne.createTextNode(t)),this._$AH=t}$(t){let{values:s,_$litType$:e}=t,r=typeof e=="number"?this._$AC(t):(e.el===void 0&&(e.el=xt.createElement(ws(e.h,e.h[0]),this.options)),e);if(this._$AH?._$AD===r)this._$AH.p(s);else{let h=new Lt(r,this),a=h.u(this.options);h.p(s),this.T(a),this._$AH=h}}_$AC(t){let s=ys.get(t.strings);return s===void 0&&ys.set(t.strings,s=new xt(t)),s}k(t){Ei(this._$AH)||(this._$AH=[],this._$AR());let s=this._$AH,e,r=0;for(let h of t)r===s.length?s.push(e=new i(this.O(yt()),this.O(yt()),this,this.options)):e=s[r],e._$AI(h),r++;r<s.length&&(this._$AR(e&&e._$AB.nextSibling,r),s.length=r)}_$AR(t=this._$AA.nextSibling,s){for(this._$AP?.(!1,!0,s);t!==this._$AB;){let e=ps(t).nextSibling;ps(t).remove(),t=e}}setConnected(t){this._$AM===void 0&&(this._$Cv=t,this._$AP?.(t))}},Re=class{get tagName(){return this.element.tagName}get _$AU(){return this._$AM._$AU}constructor(t,s,e,r,h){this.type=1,this._$AH=G,this._$AN=void 0,this.element=t,this.name=s,this._$AM=r,this.options=h,e.length>2||e[0]!==""||e[1]!==""?(this._$AH=Array(e.length-1).fill(new String),this.strings=e):this._$AH=G}_$AI(t,s=this,e,r){let h=this.strings,a=!1;if(h===void 0)t=Le(this,t,s,0),a=!Mt(t)||t!==this._$AH&&t!==ee,a&&(this._$AH=t);else{let n=t,v,d;for(t=h[0],v=0;v<h.length-1;v++)d=Le(this,n[e+v],s,v),d===ee&&(d=this._$AH[v]),a||=!Mt(d)||d!==this._$AH[v],d===G?t=G:t!==G&&(t+=(d??"")+h[v+1]),this._$AH[v]=d}a&&!r&&this.j(t)}j(t){t===G?this.element.removeAttribute(this.name):this.element.setAttribute(this.name,t??"")}},Rt=class extends Re{constructor(){super(...arguments),this.type=3}j(t){this.element[this.name]=t===G?void 0:t}},Ut=class extends Re{constructor(){super(...arguments),this.type=4}j(t){this.element.toggleAttribute(this.name,!!t&&t!==G)}},Ft=class extends Re{constructor(t,s,e,r,h){super(t,s,e,r,h),this.type=5}_$AI(t,s=this){if((t=Le(this,t,s,0)??G)===ee)return;let e=this._$AH,r=t===G&&e!==G||t.capture!==e.capture||t.once!==e.once||t.passive!==e.passive,h=t!==G&&(e===G||r);r&&this.element.removeEventListener(this.name,this,e),h&&this.element.addEventListener(this.name,this,t),this._$AH=t}handleEvent(t){typeof this._$AH=="function"?this._$AH.call(this.options?.host??this.element,t):this._$AH.handleEvent(t)}},qt=class{constructor(t,s,e){this.element=t,this.type=6,this._$AN=void 0,this._$AM=s,this.options=e}get _$AU(){return this._$AM._$AU}_$AI(t){Le(this,t)}},$s={M:Ti,P:Ee,A:Ci,C:1,L:Hs,R:Lt,D:Ms,V:Le,I:Ze,H:Re,N:Ut,U:Ft,B:Rt,F:qt},Ks=ki.litHtmlPolyfillSupport;Ks?.(xt,Ze),(ki.litHtmlVersions??=[]).push("3.3.3");var Ai=(i,t,s)=>{let e=s?.renderBefore??t,r=e._$litPart$;if(r===void 0){let h=s?.renderBefore??null;e._$litPart$=r=new Ze(t.insertBefore(yt(),h),h,void 0,s??{})}return r._$AI(i),r};var ji=globalThis,P=class extends Ce{constructor(){super(...arguments),this.renderOptions={host:this},this._$Do=void 0}createRenderRoot(){let t=super.createRenderRoot();return this.renderOptions.renderBefore??=t.firstChild,t}update(t){let s=this.render();this.hasUpdated||(this.renderOptions.isConnected=this.isConnected),super.update(t),this._$Do=Ai(s,this.renderRoot,this.renderOptions)}connectedCallback(){super.connectedCallback(),this._$Do?.setConnected(!0)}disconnectedCallback(){super.disconnectedCallback(),this._$Do?.setConnected(!1)}render(){return ee}};P._$litElement$=!0,P.finalized=!0,ji.litElementHydrateSupport?.({LitElement:P});var Qs=ji.litElementPolyfillSupport;Qs?.({LitElement:P});(ji.litElementVersions??=[]).push("4.2.2");var L=i=>(t,s)=>{s!==void 0?s.addInitializer(()=>{customElements.define(i,t)}):customElements.define(i,t)};var Ys={attribute:!0,type:String,converter:_t,reflect:!1,hasChanged:Bt},Js=(i=Ys,t,s)=>{let{kind:e,metadata:r}=s,h=globalThis.litPropertyMetadata.get(r);if(h===void 0&&globalThis.litPropertyMetadata.set(r,h=new Map),e==="setter"&&((i=Object.create(i)).wrapped=!0),h.set(s.name,i),e==="accessor"){let{name:a}=s;return{set(n){let v=t.get.call(this);t.set.call(this,n),this.requestUpdate(a,v,i,!0,n)},init(n){return n!==void 0&&this.C(a,void 0,i,n),n}}}if(e==="setter"){let{name:a}=s;return function(n){let v=this[a];t.call(this,n),this.requestUpdate(a,v,i,!0,n)}}throw Error("Unsupported decorator location: "+e)};function y(i){return(t,s)=>typeof s=="object"?Js(i,t,s):((e,r,h)=>{let a=r.hasOwnProperty(h);return r.constructor.createProperty(h,e),a?Object.getOwnPropertyDescriptor(r,h):void 0})(i,t,s)}var Xs=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},er=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},io=(()=>{let i=[L("discord-action-row")],t,s=[],e,r=P;var h=class extends r{static{e=this}static{let a=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;Xs(null,t={value:e},i,{kind:"class",name:e.name,metadata:a},null,s),h=e=t.value,a&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:a})}static styles=N`
		:host {
			display: flex;
			flex-wrap: wrap;
		}
	`;render(){return f`<slot></slot>`}static{er(e,s)}};return h=e})();var tr=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},ir=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},ho=(()=>{let i=[L("discord-attachments")],t,s=[],e,r=P;var h=class extends r{static{e=this}static{let a=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;tr(null,t={value:e},i,{kind:"class",name:e.name,metadata:a},null,s),h=e=t.value,a&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:a})}static styles=N`
		:host {
			display: grid;
			grid-auto-flow: row;
			grid-row-gap: 0.25rem;
			text-indent: 0;
			min-height: 0;
			min-width: 0;
			padding-top: 0.125rem;
			padding-bottom: 0.125rem;
			position: relative;
		}

		:host > * {
			justify-self: start;
			-ms-flex-item-align: start;
			align-self: start;
		}
	`;render(){return f`<slot></slot>`}static{ir(e,s)}};return h=e})();var Se=class extends Event{constructor(t,s,e,r){super("context-request",{bubbles:!0,composed:!0}),this.context=t,this.contextTarget=s,this.callback=e,this.subscribe=r??!1}};var We=class{constructor(t,s,e,r){if(this.subscribe=!1,this.provided=!1,this.value=void 0,this.t=(h,a)=>{this.unsubscribe&&(this.unsubscribe!==a&&(this.provided=!1,this.unsubscribe()),this.subscribe||this.unsubscribe()),this.value=h,this.host.requestUpdate(),this.provided&&!this.subscribe||(this.provided=!0,this.callback&&this.callback(h,a)),this.unsubscribe=a},this.host=t,s.context!==void 0){let h=s;this.context=h.context,this.callback=h.callback,this.subscribe=h.subscribe??!1}else this.context=s,this.callback=e,this.subscribe=r??!1;this.host.addController(this)}hostConnected(){this.dispatchRequest()}hostDisconnected(){this.unsubscribe&&(this.unsubscribe(),this.unsubscribe=void 0)}dispatchRequest(){this.host.dispatchEvent(new Se(this.context,this.host,this.t,this.subscribe))}};var Wt=class{get value(){return this.o}set value(t){this.setValue(t)}setValue(t,s=!1){let e=s||!Object.is(t,this.o);this.o=t,e&&this.updateObservers()}constructor(t){this.subscriptions=new Map,this.updateObservers=()=>{for(let[s,{disposer:e}]of this.subscriptions)s(this.o,e)},t!==void 0&&(this.value=t)}addCallback(t,s,e){if(!e)return void t(this.value);this.subscriptions.has(t)||this.subscriptions.set(t,{disposer:()=>{this.subscriptions.delete(t)},consumerHost:s});let{disposer:r}=this.subscriptions.get(t);t(this.value,r)}clearCallbacks(){this.subscriptions.clear()}};var Si=class extends Event{constructor(t,s){super("context-provider",{bubbles:!0,composed:!0}),this.context=t,this.contextTarget=s}},Ge=class extends Wt{constructor(t,s,e){super(s.context!==void 0?s.initialValue:e),this.onContextRequest=r=>{if(r.context!==this.context)return;let h=r.contextTarget??r.composedPath()[0];h!==this.host&&(r.stopPropagation(),this.addCallback(r.callback,h,r.subscribe))},this.onProviderRequest=r=>{if(r.context!==this.context||(r.contextTarget??r.composedPath()[0])===this.host)return;let h=new Set;for(let[a,{consumerHost:n}]of this.subscriptions)h.has(a)||(h.add(a),n.dispatchEvent(new Se(this.context,n,a,!0)));r.stopPropagation()},this.host=t,s.context!==void 0?this.context=s.context:this.context=s,this.attachListeners(),this.host.addController?.(this)}attachListeners(){this.host.addEventListener("context-request",this.onContextRequest),this.host.addEventListener("context-provider",this.onProviderRequest)}hostConnected(){this.host.dispatchEvent(new Si(this.context,this.host))}};function wt({context:i}){return(t,s)=>{let e=new WeakMap;if(typeof s=="object")return{get(){return t.get.call(this)},set(r){return e.get(this).setValue(r),t.set.call(this,r)},init(r){return e.set(this,new Ge(this,{context:i,initialValue:r})),r}};{t.constructor.addInitializer((a=>{e.set(a,new Ge(a,{context:i}))}));let r=Object.getOwnPropertyDescriptor(t,s),h;if(r===void 0){let a=new WeakMap;h={get(){return a.get(this)},set(n){e.get(this).setValue(n),a.set(this,n)},configurable:!0,enumerable:!0}}else{let a=r.set;h={...r,set(n){e.get(this).setValue(n),a?.call(this,n)}}}return void Object.defineProperty(t,s,h)}}}function W({context:i,subscribe:t}){return(s,e)=>{typeof e=="object"?e.addInitializer((function(){new We(this,{context:i,callback:r=>{s.set.call(this,r)},subscribe:t})})):s.constructor.addInitializer((r=>{new We(r,{context:i,callback:h=>{r[e]=h},subscribe:t})}))}}function B(i,t,s){return i?t(i):s?.(i)}var{I:rr}=$s,ks=i=>i;var Gt=i=>i.strings===void 0,Ts=()=>document.createComment(""),Ke=(i,t,s)=>{let e=i._$AA.parentNode,r=t===void 0?i._$AB:t._$AA;if(s===void 0){let h=e.insertBefore(Ts(),r),a=e.insertBefore(Ts(),r);s=new rr(h,a,i,i.options)}else{let h=s._$AB.nextSibling,a=s._$AM,n=a!==i;if(n){let v;s._$AQ?.(i),s._$AM=i,s._$AP!==void 0&&(v=i._$AU)!==a._$AU&&s._$AP(v)}if(h!==r||n){let v=s._$AA;for(;v!==h;){let d=ks(v).nextSibling;ks(e).insertBefore(v,r),v=d}}}return s},De=(i,t,s=i)=>(i._$AI(t,s),i),ar={},Qe=(i,t=ar)=>i._$AH=t,Cs=i=>i._$AH,Kt=i=>{i._$AR(),i._$AA.remove()};var oe={ATTRIBUTE:1,CHILD:2,PROPERTY:3,BOOLEAN_ATTRIBUTE:4,EVENT:5,ELEMENT:6},he=i=>(...t)=>({_$litDirective$:i,values:t}),re=class{constructor(t){}get _$AU(){return this._$AM._$AU}_$AT(t,s,e){this._$Ct=t,this._$AM=s,this._$Ci=e}_$AS(t,s){return this.update(t,s)}update(t,s){return this.render(...s)}};var Ht=(i,t)=>{let s=i._$AN;if(s===void 0)return!1;for(let e of s)e._$AO?.(t,!1),Ht(e,t);return!0},Qt=i=>{let t,s;do{if((t=i._$AM)===void 0)break;s=t._$AN,s.delete(i),i=t}while(s?.size===0)},Es=i=>{for(let t;t=i._$AM;i=t){let s=t._$AN;if(s===void 0)t._$AN=s=new Set;else if(s.has(i))break;s.add(i),lr(t)}};function or(i){this._$AN!==void 0?(Qt(this),this._$AM=i,Es(this)):this._$AM=i}function hr(i,t=!1,s=0){let e=this._$AH,r=this._$AN;if(r!==void 0&&r.size!==0)if(t)if(Array.isArray(e))for(let h=s;h<e.length;h++)Ht(e[h],!1),Qt(e[h]);else e!=null&&(Ht(e,!1),Qt(e));else Ht(this,i)}var lr=i=>{i.type==oe.CHILD&&(i._$AP??=hr,i._$AQ??=or)},Yt=class extends re{constructor(){super(...arguments),this._$AN=void 0}_$AT(t,s,e){super._$AT(t,s,e),Es(this),this.isConnected=t._$AU}_$AO(t,s=!0){t!==this.isConnected&&(this.isConnected=t,t?this.reconnected?.():this.disconnected?.()),s&&(Ht(this,t),Qt(this))}setValue(t){if(Gt(this._$Ct))this._$Ct._$AI(t,this);else{let s=[...this._$Ct._$AH];s[this._$Ci]=t,this._$Ct._$AI(s,this,0)}}disconnected(){}reconnected(){}};var Di=class extends Yt{host;element;prevData={};eventData={};render(t){return G}update(t,[s]){this.element!==t.element&&(this.element=t.element),this.host=t.options?.host??this.element,this.apply(s),this.groom(s),this.prevData={...s}}apply(t){if(!t)return;let{prevData:s,element:e}=this;for(let[r,h]of Object.entries(t)){if(h===s[r])continue;let a=r.slice(1);switch(r[0]){case"@":this.eventData[a]=h,this.applyEvent(a,h);break;case".":e[a]=h;break;case"?":h?e.setAttribute(a,""):e.removeAttribute(a);break;default:h===null?e.removeAttribute(r):e.setAttribute(r,String(h));break}}}groom(t){let{prevData:s,element:e}=this;if(s)for(let[r,h]of Object.entries(s)){let a=r.slice(1);if(!t||!(r in t)&&e[a]===h)switch(r[0]){case"@":this.groomEvent(a,h);break;case".":e[a]=void 0;break;case"?":e.removeAttribute(a);break;default:e.removeAttribute(r);break}}}applyEvent(t,s){let{prevData:e,element:r}=this;this.eventData[t]=s,e[t]&&r.removeEventListener(t,this,s),r.addEventListener(t,this,s)}groomEvent(t,s){let{element:e}=this;Reflect.deleteProperty(this.eventData,t),e.removeEventListener(t,this,s)}handleEvent(t){let s=this.eventData[t.type];typeof s=="function"?s.call(this.host,t):s.handleEvent(t)}disconnected(){let{eventData:t,element:s}=this;for(let[e,r]of Object.entries(t)){let h=e.slice(1);s.removeEventListener(h,this,r)}}reconnected(){let{eventData:t,element:s}=this;for(let[e,r]of Object.entries(t)){let h=e.slice(1);s.addEventListener(h,this,r)}}},E=he(Di);var nr=C`
	<path d="M5.688 3.5v.438H5.25v.438h-.438V1.313h-.438V.875h-.436V.438H3.5v6.125h2.625v-.438H5.25v-.438h.438v-.438h.438v-.438h.438V3.5z" fill="#b79cf8"/>
	<path d="M3.063.438v.438h-.438v.438h-.437v3.5h-.875v-.438H.438v1.75h.438v.438h2.625V.438z" fill="#ff7fc0"/>
	<path d="M3.938 0h-.875v.438h.875zm-.875.438h-.438v.438h.438z" fill="#000"/>
	<path d="M3.938.438h-.875v.438h.875zm-.875.437h-.438v.438h.438zm0 1.75h-.438v.438h.438z" fill="#f0f0f0"/>
	<path d="M2.188 5.25H1.75v.438h.438z" fill="#ffa5d3"/>
	<path d="M2.625 5.25h-.437v.438h.438zm-1.75.438H.438v.438h.438zm2.625.438H.875v.438H3.5z" fill="#ff1c90"/>
	<path d="M1.75 5.688h-.437v.438h.438zm-.438-.438H.875v.438h.438zm1.313-.875V3.5h-.437v1.313h.438v1.313h.438v-1.75zm.438-3.5v1.313h-.438v.438h.438v1.313h.438V.875z" fill="#ffa5d3"/>
	<path d="M6.125 3.5h-.438v.438h.438zm-.438.438h-.438v.438h.438zm-3.5.875h-.874v.438h.875zm-.875-.438H.438v.438h.875z" fill="#f0f0f0"/>
	<path d="M.875 5.25v-.875H.438v.875z" fill="#f0f0f0"/>
	<path d="M4.813 1.313h-.438v.438h.438z" fill="#cdbafa"/>
	<path d="M2.625 1.313h-.437v1.313h.438z" fill="#f0f0f0"/>
	<path d="M4.375.438h-.437v.438h.438zm.438.438h-.438v.438h.438zM2.625 4.814h-.437v.438h.438zm3.938 0h-.438v.438h.438zm-.875.438v.438H5.25v.438h.875v-.875zm.438.875v.438H.875v.438h5.688v-.875zM.875 6.125H.438v.438h.438zM7 3.062H5.687V3.5H7zm-5.687.876H0v.438h1.313z" fill="#000"/>
	<path d="M.438 6.125V3.938H0v2.188zm6.563-1.313V3.5h-.438v1.313zM2.625.875h-.437v.438h.438zm-.875.438v3.063h-.437v.438h.875V1.313zm3.5 2.188V1.313h-.438v3.063h.438v-.438h.438V3.5z" fill="#000"/>
	<path d="M3.938.875H3.5v.875h.438zm.438 1.75V1.75h-.438V3.5h.438v.438h.438V2.625zm.875 1.75h-.438v.438h.438zm-1.313 0H3.5v1.313h.438zm.875 1.313h-.438v.438h.438zm0-.875h-.438v.438h.438zm.438.438h-.438v.438h.438z" fill="#cdbafa"/>
	<path d="M5.25 6.125v-.438h-.438v.438H3.5v.438h2.625v-.438zm.438-.875H5.25v.438h.438zm.438-.438h-.438v.438h.438z" fill="#816bee"/>
`;function Jt(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${nr}
	</svg>`}var cr=C`
	<path d="M4.375 1.75v-.437h-.437V.438h-.875v.875h-.438v.438h-.437v.438h.438v.438h.438v.438h.875v-.44h.438v-.437h.438V1.75z" fill="#47baff"/>
	<path d="M4.375 5.25v.438h-.437v.875h-.875v-.875h-.438V5.25h-.437v-.438h.438v-.438h.438v-.436h.875v.438h.438v.438h.438v.438z" fill="#ff2c52"/>
	<path d="M3.063 0v.438h.875V0z" fill="#000"/>
	<path d="M3.063.438v.438h.875V.438z" fill="#f0f0f0"/>
	<path d="M3.063 2.625v.438h.875v-.438z" fill="#4282d8"/>
	<path d="M3.063.438h-.438v.875h.438zM.438 3.063H0v.875h.438zm.875 0v-.438H.438v.438zm1.313-1.75h-.438v.438h.438z" fill="#000"/>
	<path d="M2.625 1.75h-.437v.438h.438zm.438-.438h-.438v.438h.438zm0 2.625v.438h.875v-.437z" fill="#f0f0f0"/>
	<path d="M3.063 6.125v.438h.875v-.438zm0-.875h-.438v.438h.438zm-.438-.438h-.437v.438h.438z" fill="#be0351"/>
	<path d="M3.063 4.375h-.438v.438h.438z" fill="#f0f0f0"/>
	<path d="M3.938 5.688h.438V5.25h-.438zm.438-.438h.438v-.438h-.438zm-.438-.438h.438v-.438h-.438z" fill="#be0351"/>
	<path d="M3.5 1.75h-.437v.438h.438z" fill="#f0f0f0"/>
	<path d="M4.375 2.188h-.437v.438h.438zm.438-.438h-.438v.438h.438z" fill="#4282d8"/>
	<path d="M5.25 4.375h.438v-.437h.875v-.875h-.875v-.438H5.25v-.437h-.438v.438h-.438v.438h-.436v.875h.438v.438h.438v.438h.438z" fill="#C7C7C7"/>
	<path d="M6.563 3.063h-.438v.875h.438z" fill="#707070"/>
	<path d="M5.25 2.625v-.437h-.438v.438zm-.438.438v-.438h-.438v.438z" fill="#fff"/>
	<path d="M4.813 4.375v-.437h-.438v.438zm-.438-.438V3.5h-.437v.438zm1.313.438v-.437H5.25v.438zm-.438.438v-.438h-.438v.438z" fill="#707070"/>
	<path d="M1.75 4.375h-.437v-.437H.438v-.875h.875v-.438h.438v-.437h.438v.438h.438v.438h.438v.875h-.44v.438h-.437v.438H1.75z" fill="#C7C7C7"/>
	<path d="M.438 3.938h.438v-.875H.438z" fill="#fff"/>
	<path d="M2.625 3.938h.438v-.875h-.438z" fill="#707070"/>
	<path d="M2.188 2.625v-.437H1.75v.438zm-.438.438v-.438h-.437v.438zm.438.438v-.438H1.75v.438z" fill="#fff"/>
	<path d="M2.625 4.375v-.437h-.437v.438zm-.438.438v-.438H1.75v.438z" fill="#707070"/>
	<path d="M2.188 1.75H1.75v.438h.438zm.438.438h-.438v.438h.438zm.438.438h-.439v.438h.438zm.875.438h-.876v.875h.875zm.438.875h-.439v.438h.438zm.438.438h-.438v.438h.438zM1.75 2.188h-.437v.438h.438zm2.188 4.813v-.438h-.875v.438zm-.875-1.313h-.438v.875h.438zM.438 3.938v.438h.875v-.438zm2.188 1.313h-.438v.438h.438zm-.438-.438H1.75v.438h.438zm-.438-.438h-.437v.438h.438zm2.188-3.063h.438V.438h-.438zm2.625 2.625h.438v-.874h-.438zm0-.875v-.437h-.875v.438zM4.375 1.749h.438v-.436h-.438zm.438.438h.438V1.75h-.438zm-.438.438h.438v-.437h-.438zm-.437.438h.438v-.438h-.438zM2.625 4.376h.438v-.438h-.438zm-.438.438h.438v-.438h-.437z" fill="#000"/>
	<path d="M4.813 2.188h.438V1.75h-.438zm.438.438h.438v-.438h-.438zM3.938 6.564h.438v-.875h-.438zm1.75-2.625v.438h.875v-.439zm-1.313 1.75h.438v-.438h-.438zm.438-.438h.438v-.438h-.438zm.438-.438h.438v-.438h-.438z" fill="#000"/>
`;function Xt(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${cr}
	</svg>`}var dr=C`
	<path d="M6.125 3.063v-.438h-.438v.438H4.374v-.438h-.436V1.313h.438V.875H3.063v1.75h-.438v.438H.438v.875h.438v.438h.438v-.438h1.313v.438h.438v1.313h-.44v.438h.438v.438h.875v-.438h.438v-.438h-.438V4.376h.438v-.438h1.313v.438h.438v-.438h.438v-.875z" fill="#ffb84b"/>
	<path d="M3.938 0h-.875v.438h.875zM2.625.875H1.313v.438h1.313zm-1.312.438H.875v1.313h.438zm1.75 0h-.438v1.313h.438zm1.313 0h-.438v1.313h.438zm1.75 0h-.438v1.313h.438zM5.688.875H4.375v.438h1.313zm-3.063 1.75H1.313v.438h1.313zm3.063 0H4.375v.438h1.313zM3.063.438h-.438v.438h.438z" fill="#000"/>
	<path d="M2.625 1.313h-.437v.438h.438zm-.437.437H1.75v.438h.438zm3.5-.438H5.25v.438h.438zm-.438.438h-.438v.438h.438zm.438 2.625H5.25v.438h.438zm-.438.438h-.438v.438h.438zm-2.625-.438h-.437v.438h.438zm-.438.438H1.75v.438h.438z" fill="#57595f"/>
	<path d="M4.375.438h-.437v.438h.438zM.438 3.063H0v.875h.438z" fill="#000"/>
	<path d="M2.188 1.75v.438h-.875v.438h1.313V1.75zm3.063 0v.438h-.875v.438h1.313V1.75zM2.188 4.813v.438h-.875v.438h1.313v-.875zm3.063 0v.438h-.875v.438h1.313v-.875z" fill="#35363a"/>
	<path d="M.875 3.938H.438v.438h.438zm0-1.313H.438v.438h.438zM7 3.063h-.438v.875H7z" fill="#000"/>
	<path d="M6.563 3.063h-.438v.875h.438z" fill="#ba3500"/>
	<path d="M.875 3.063H.438v.875h.438z" fill="#f0f0f0"/>
	<path d="M6.563 2.625h-.438v.438h.438zm0 1.313h-.438v.438h.438z" fill="#000"/>
	<path d="M6.125 3.938h-.438v.438h.438zm-3.062 0h-.438v.438h.438zm-1.75 0H.875v.438h.438zm3.063 0h-.438v.438h.438z" fill="#ba3500"/>
	<path d="M3.938 6.563h-.875v.438h.875zm-1.313-.875H1.313v.438h1.313zM1.312 4.375H.875v1.313h.438zm1.75 0h-.437v1.313h.438zm1.313 0h-.437v1.313h.438zm1.75 0h-.438v1.313h.438zm-.438 1.313H4.374v.438h1.313zm-3.062-1.75H1.313v.438h1.313zm3.063 0H4.375v.438h1.313z" fill="#000"/>
	<path d="M2.625 3.5H1.313v.438h1.313zm3.063 0H4.375v.438h1.313z" fill="#ba3500"/>
	<path d="M3.063 6.125h-.438v.438h.438zm1.313 0h-.438v.438h.438z" fill="#000"/>
	<path d="M3.938 6.125h-.875v.438h.875z" fill="#ba3500"/>
	<path d="M3.938.438h-.875v.438h.875zm-.875.437h-.438v.438h.438V.438Z" fill="#f0f0f0"/>
	<path d="M4.375 5.688h-.437v.438h.438z" fill="#ba3500"/>
	<path d="M2.188 1.313h-.875v.875h.438V1.75h.438zm3.063 0h-.875v.875h.438V1.75h.438zM2.188 4.376h-.875v.875h.438v-.438h.438zm3.063 0h-.875v.875h.438v-.438h.438z" fill="#d8d8d8"/>
	<path d="M3.938 2.188V1.75H3.5V.875h-.437v1.313zm0 .438H3.5v.438h-.437v.438h-.438v.438h.438v.875h.438v1.313h.438v-1.75H3.5V3.5h.875v-.437h-.437zm2.188.438h-.438v.438h.438zm-3.063-.439h-.438v.438h.438zm-1.75.438H.875v.438h.438zm.875 0H1.75v.438h.438z" fill="#fd6214"/>
`;function ei(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${dr}
	</svg>`}var mr=C`
	<path d="M5.688 2.625V1.75H5.25V.438h-.438v.438h-.438v.438h-.436v.438H3.5v.438H1.313v.438H.875v.875H.438v1.75h.438v.438h.438v.438h.438v.438h3.5v-.438h.438v-.438h.438V2.625z" fill="#fd6214"/>
	<path d="M0 3.5v1.75h.438V3.5zm6.563.438v1.313h.438V3.938zm-.438-1.313v1.313h.438V2.625zm-.438-.875v.875h.438V1.75z" fill="#000"/>
	<path d="M6.125 3.938v1.313h.438V3.938zm-.438-1.313v1.313h.438V2.625zm-.438-.875v.875h.438V1.75z" fill="#ba3500"/>
	<path d="M.438 2.625V3.5h.438v-.875zm2.625-1.313h-.438v.438h.438zm.875 0H3.5v.438h.438zM3.5 1.75h-.437v.438h.438zm-2.625.438v.438h.438v-.438zM.437 5.251v.438h.438v-.438zm.438.438v.438h.438v-.438zm.438.438v.438h.438v-.438zm4.813-.875v.438h.438v-.438zm-.438.438v.438h.438V5.69zm-.438.438v.438h.438v-.438zm-3.5.438v.438h3.5v-.438zM1.313 1.75v.438h.438V1.75zm.438-.438v.438h.438v-.437zm.438-.438v.438h.438V.875zm1.75 0v.438h.438V.875zm.438-.438v.438h.438V.438zm.438-.438v.438h.438V0z" fill="#000"/>
	<path d="M4.813.438v.438h.438V.438zm-.438.438v.438h.438V.875zm-.437.437v.438h.438v-.438zM3.5 1.75v.438h.438V1.75zm-1.312-.437v.438h.438v-.438zm-.438.437v.438h.438V1.75zm.875 0v.438h.438V1.75z" fill="#f0f0f0"/>
	<path d="M2.188 1.75v.438h.438V1.75z" fill="#fd6214"/>
	<path opacity=".5" d="M4.813 1.75v.438h.438V1.75zm.438 2.188V3.5h-.438v-.875h-.438v.438h-.437v.438H2.625v-.438h-.437v.875h-.875v.875h.438v.875h.438v.438h2.625v-.438h.438v-.875h.438v-.875z" fill="#fff"/>
	<path d="M1.313 2.188v.438h.438v-.438zm-.438.437V3.5h.438v-.875zm.875.875v.438h.438V3.5z" fill="#f0f0f0"/>
	<path d="M.875 5.25v.438h.438V5.25zm.438.438v.438h.438v-.438zm3.938 0v.438h.438v-.438zm.438-.438v.438h.438V5.25zm-3.938.875v.438h3.5v-.438z" fill="#ba3500"/>
	<path d="M.438 3.5v.875h.438V3.5zm4.375.875h-.438v-.437h-1.75v.438h-.437v.875h.438v.438h1.75v-.438h.438z" fill="#f0f0f0"/>
	<path d="M5.25.438v1.313h.438V.438z" fill="#000"/>
`;function ti(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${mr}
	</svg>`}var fr=C`
	<path d="M6.563.875h-.438V.438H4.812v1.313h-.438V.875h-.436V.438h-.875v.438h-.438v.875h-.437V.438H.875v.438H.438v1.75h.438v.438h.875v.438h.438v.875h.438v.438h.438v.438h.875v-.438h.438v-.438h.438V3.5h.438v-.437h.875v-.438h.438z" fill="#ff7fc0"/>
	<path d="M3.938 0h-.875v.438h.875zm-1.75 0H.875v.438h1.313zm3.938 0H4.813v.438h1.313zm.438.438h-.438v.438h.438zm.438.438h-.438v1.75h.438zM4.377.438h-.439v.438h.438v.875h.438V.438zm-2.189 0v1.313h.438V.875h.438V.438zm-1.313 0H.438v.438h.438zM.438.875H0v1.75h.438zm.438 1.75H.438v.438h.438zm.875.438H.875v.438h.875zm4.375 0h-.875v.438h.875zm.438-.438h-.438v.438h.438zM5.251 3.938V3.5h-.438v.875h1.75v-.437zM1.75 3.5v.438H.438v.438h1.75V3.5zm-1.313.875H0v1.75h.438zm.438 1.75H.438v.438h.438zm5.25.438H.875v.438h5.25zm.438-.438h-.438v.438h.438zm.438-1.75h-.438v1.75h.438zm-4.376 0h-.437v.438h.438zm.438.438h-.438v.438h.438zm1.313 0h-.438v.438h.438zm.438-.438h-.438v.438h.438zm-.875.875h-.876v.438h.875z" fill="#000"/>
	<path d="M4.813 4.375v.438h-.438v.438h-.437v.438h-.875v-.438h-.438v-.438h-.437v-.438H.438v1.75h.438v.438h5.25v-.438h.438v-1.75z" fill="#6be473"/>
	<path d="M1.75 5.25h-.437v.438h.438zm-.438-.438H.875v.438h.438zM5.25 6.125v-.438h-.438v.438h-.874v-.438h-.875v.438h-.875v-.438H1.75v.438H.875v.438h5.25v-.438zm.438-.875H5.25v.438h.438zm.438-.438h-.438v.438h.438zm.438.875h-.438v.438h.438z" fill="#008456"/>
	<path d="M2.625 3.938h-.437v.438h.438zm.438.438h-.438v.438h.438zm1.313 0h-.438v.438h.438zm.438-.438h-.438v.438h.438zm.438-.875h-.438v.438h.438zm.875-.438h-.438v.438h.438zm.438-.875h-.438v.875h.438zM3.94 4.813h-.877v.438h.875z" fill="#ff1c90"/>
	<path d="M4.375 5.25h-.437v.438h.438zm.438-.438h-.438v.438h.438zm.438-.438h-.438v.438h.438zm-4.813.001v.875h.438v-.438h1.313v-.438zm.438-3.5H.438v.875h.438zM2.189.437H.875v.438h1.313zm.875.438h-.439v.438h.438zm.875-.438h-.876v.438h.875zm1.313 0h-.438v.875h.438V.875h.875V.438z" fill="#f0f0f0"/>
`;function ii(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${fr}
	</svg>`}var vr=C`
	<path d="M3.063.875v.438h.875V.875zm.875-.438v.438h1.75V.438zm1.75.438v.438h.438V.875zm.438.438v.438h.438v-.438zm.438.438v2.188h.438V1.75zm-.438 2.188v.875h.438v-.876zm-.438.875v.438h.438v-.438zm-.875.438v.438h.875v-.438zm-.875.438v.438h.875V5.69zm-.875.438v.438h.875v-.438z" fill="#000"/>
	<path d="M6.563 1.75h-.438v-.437h-.438V.875H3.938v.438h-.875V.875h-1.75v.438H.875v.438H.438v2.188h.438v.875h.438v.438h.875v.438h.875v.438h.875V5.69h.875v-.438h.875v-.438h.438v-.876h.438z" fill="#ff7fc0"/>
	<path d="M6.563 1.75h-.438v2.188h.438zm-.438 2.188h-.438v.875h.438zm-4.812 0H.875v.875h.438zm4.375.875h-.875v.438h.875zm-.875.438h-.875v.438h.875zm-.875.438h-.875v.438h.875zm-.875-.438h-.875v.438h.875zm-.875-.438h-.875v.438h.875z" fill="#ff1b90"/>
	<path d="M1.313.438v.438h1.75V.438zM.875.875v.438h.438V.875zm-.437.438v.438h.438v-.438zM0 1.75v2.188h.438V1.75zm.438 2.188v.875h.438v-.875zm.438.875v.438h.438v-.438zm.438.438v.438h.875v-.438zm.875.438v.438h.875v-.438z" fill="#000"/>
	<path d="M1.313.875v.438h1.75V.875zm2.625 0v.438h1.75V.875zm-.875.438v.438h.875v-.438z" fill="#f0f0f0"/>
	<path opacity=".6" d="M4.813 2.625v-.437h-.875v.438h-.875v-.438h-.875v.438H1.75v1.313h.438v.438h.879v.438h.875v-.438h.871v-.439h.438V2.625z" fill="#fff"/>
	<path d="M5.688 1.313v.438h.438v-.438zm-4.813 0v.438h.438v-.438zm.438.438v.438h.438V1.75zM.438 1.75v.875h.438V1.75z" fill="#f0f0f0"/>
`;function si(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${vr}
	</svg>`}var pr=C`
	<path d="M6.125 2.625v.438H4.812v-.438h-.438v-.437h-.436V.875h.438V.438H.438v.438h.875v.438h.438v.438h.875v.875h-.438v.438H1.75v.875h-.437v.875H.875v.875H.438v.875h1.313v-.438h.875v-.438h.438v-.438h.438v-.438h.875v-.438h.438v-.437h.438v.438h.438v.438h.438v.438h.438V2.625z" fill="#ffe361"/>
	<path d="M6.125 0H4.812v.438h1.313zM1.75 6.563H.438v.438h1.313zm.875-.438H1.75v.438h.875zM1.313.875H.438v.438h.875zm.438.875v.438h.438v.438h.438V1.75zm0 1.313h-.438v.875h.438zm-.438.875H.875v.875h.438zm-.438.875H.438v.875h.438zm-.438.875H0v.875h.438zm3.938-.875H3.5v.438h.875zm0-4.813H.438v.438h3.938z" fill="#000"/>
	<path d="M4.375.438H.438v.438h3.938z" fill="#f0f0f0"/>
	<path d="M6.125 2.625H4.812v.438h1.313zM4.812.437h-.438v.438h.438z" fill="#000"/>
	<path d="M4.813.875h-.438v.875h.438zM6.126.437H4.813v.438h1.313z" fill="#f0f0f0"/>
	<path d="M6.125 2.188H4.812v.438h1.313z" fill="#ba3500"/>
	<path d="M.438.438H0v.438h.438zm1.313.875h-.438v.438h.438zm.438 1.313H1.75v.438h.438zM6.564.438h-.438v.438h.438zm.438.438h-.438v1.313h.438z" fill="#000"/>
	<path d="M6.563.875h-.438v1.313h.438z" fill="#ba3500"/>
	<path d="M7 2.625h-.438V5.25H7z" fill="#000"/>
	<path d="M6.563 2.625h-.438V5.25h.438z" fill="#ffb84b"/>
	<path d="M6.563 2.188h-.438v.438h.438zM4.375.875h-.437v1.313h.438zm.438 1.313h-.438v.438h.438z" fill="#000"/>
	<path d="M4.813 1.75h-.438v.438h.438z" fill="#ba3500"/>
	<path d="M3.063 5.688h-.438v.438h.438z" fill="#000"/>
	<path d="M4.375 3.063v.438h-.437v.438H3.5v.438h-.437v.438h-.438v.438h-.437v.438H1.75v.438h.875v-.438h.438v-.438h.438v-.438h.875v-.438h.438V3.063zM1.75 6.126h-.437v.438h.438z" fill="#ffb84b"/>
	<path d="M3.5 5.25h-.437v.438h.438z" fill="#000"/>
	<path d="M2.188 3.063H1.75v.438h.438zm.438-.438h-.438v.438h.438z" fill="#f0f0f0"/>
	<path d="M3.063 2.188h-.438v.438h.438zm.438-.438h-.438v.438h.438z" fill="#ffb84b"/>
	<path d="M2.625 3.5h-.437v.438h.438zm-.875.438h-.437v.438h.438zm-.438.875H.875v.438h.438zm-.438.875H.438v.438h.438z" fill="#f0f0f0"/>
	<path d="M4.813 4.375h-.438v.438h.438zm.438-.438h-.438v.438h.438zm.438.438h-.438v.438h.438zm.438.438h-.438v.438h.438zm.438.438h-.438v.438h.438z" fill="#000"/>
	<path d="M6.125.875H4.812v1.313h1.313z" fill="#fd6214"/>
`;function ri(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${pr}
	</svg>`}var ur=C`
	<path d="M6.563 0.876V0.437H3.937v0.437H1.313v2.187H0.437v2.187h5.25v-2.186h0.876z" fill="#bcef42"/>
	<path d="M4.813 5.687v-0.437H2.187v0.437z" fill="#7fb134"/>
	<path d="M6.563 0.876V0.437H3.937v0.437zm-2.626 0.437V0.876H2.187v0.437z" fill="#fff"/>
	<path d="M1.313 4.813v0.437h0.876v-0.437zm4.376 -0.437h-0.437v0.876h0.437zm0.876 -2.187h-0.437v0.876h0.437zm-0.437 0.876h-0.437v1.313h0.437z" fill="#7fb134"/>
	<path d="M7 0.437h-0.437v2.626H7z" fill="#000"/>
	<path d="M1.313 3.937H0.876v2.626h0.437z" fill="#4a8359"/>
	<path d="M6.563 0H3.937v0.437h2.626zM4.813 5.687H2.187v0.437h2.626zM3.937 0.437H2.187v0.437h1.75zM2.187 0.876h-0.874v0.437h0.876zm-0.874 0.437H0.876v0.876h0.437zM0.437 3.063H0v2.187h0.437v1.313h0.437V5.25H0.437zh0.437v-0.876H0.437zm5.25 2.187h-0.876v0.437h0.876zm0.437 -0.876h-0.437v0.876h0.437zh0.437V3.063h-0.437zM1.75 5.687h0.437v-0.437h-0.874v1.313h0.437zm-0.437 0.876H0.876V7h0.437z" fill="#000"/>
	<path d="M0.876 3.063h0.437v-0.876H0.876zm-0.438 0.874h0.437v-0.874H0.437zm1.75 -2.626h-0.874v0.876h0.437v-0.437h0.437z" fill="#fff"/>
	<path d="M1.75 3.5h0.876v-0.437h-0.876zm0.876 -0.437h0.876v-0.437h-0.876zm0.876 -0.437h0.876v-0.438H3.5zm0.876 -0.437h0.437v-0.438h-0.437zm0.437 -0.437h0.437v-0.438H4.814z" fill="#4a8359"/>
	<path d="M2.187 1.75v0.437h0.437v-0.437z" fill="#fff"/>
	<path d="M1.313 3.5v0.437h0.437V3.5z" fill="#4a8359"/>
`;function ai(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${ur}
	</svg>`}var gr=C`
	<path d="M2.188 2.625H1.75v.438H.875v.875H3.5v.875h-.437v.438h-.438v.438h-.437v.438H1.75v.438h.875v-.438h.438v-.438h.438v-.438h.438v-.438h.875v-.438h.438v-.437h.875v-.875H3.063v-.438h.438v-.437h.438V1.75h.438v-.437H3.5v.438h-.437v.438h-.875z" fill="#ffe361"/>
	<path d="M.438 3.063H0v.875h.438z" fill="#000"/>
	<path d="M.875 3.063H.438v.875h.438z" fill="#f0f0f0"/>
	<path d="M7 3.063h-.438v.875H7zm-5.687-.438H.438v.438h.875zm1.313-.875H1.75v.438h.875zm-.876.438h-.437v.438h.438z" fill="#000"/>
	<path d="M1.75 2.625h-.437v.438h.438zm.438-.438H1.75v.438h.438zm.438.438h-.438v.438h.438zm.438-.875h-.439v.438h.438zm.438-.438h-.439v.438h.438zm0 3.063h-.439v.438h.438zm-.438.438h-.439v.438h.438zm-.438.438h-.438v.438h.438zm-.438.438H1.75v.438h.438zm-.438.438h-.437v.438h.438z" fill="#f0f0f0"/>
	<path d="M5.25.875h-.438v.438h.438zm.438 3.063H5.25v.438h.438zm-.438.438h-.438v.438h.438zm-.875.438h-.437v.438h.438zm-.438.438H3.5v.438h.438zm2.625-1.75h-.438v.438h.438z" fill="#ffb84b"/>
	<path d="M6.563 3.063h-.438v.438h.438z" fill="#f0f0f0"/>
	<path d="M4.813 1.313h-.438v.438h.438zm-.438.438h-.437v.438h.438zm-.437.437H3.5v.438h.438zm-.438.437h-.437v.438h.438z" fill="#ffb84b"/>
	<path d="M4.375.875h-.437v.438h.438z" fill="#f0f0f0"/>
	<path d="M3.938.875h-.875v.438h.875zm-.875.438h-.438v.438h.438zM5.688 0H4.375v.438h1.313z" fill="#000"/>
	<path d="M5.688.438H4.375v.438h1.313z" fill="#f0f0f0"/>
	<path d="M6.563 2.625H3.5v.438h3.063zM4.375.437h-.437v.438h.438zm1.75 0h-.438v.438h.438zm-.438.438h-.438v.438h.438zm-.438.438h-.438v.438h.438zm-.438.438h-.438v.438h.438zm-.438.438h-.435v.438h.438zm2.188 1.75h-.875v.438h.875zm-1.313.875h-.875v.438h.875zm.438-.438h-.438v.438h.438zm-1.75 1.313h-.873v.438h.875zm.438-.438h-.436v.438h.438zm-1.75 1.313H1.313v.438h1.313zm.875-2.625H.438v.438h3.063zm-.438 2.188h-.436v.438h.438zm-1.75 0H.875v.438h.438zm.438-.438h-.436v.438h.438zm.438-.438H1.75v.438h.438zm.438-.438h-.437v.438h.438zm.438-.438h-.438v.438h.438z" fill="#000"/>
	<path d="M4.813.875h-.438v.438h.438z" fill="#ffe361"/>
`;function oi(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${gr}
	</svg>`}var zr=C`
	<path d="M6.125 1.75v-.437H5.25V.438H3.5v.438h-.437v.438h-.438V.875H1.313v.438H.875v1.75H.438v1.313h.438v-.438h.438V3.5h2.188v-.875h.438v-.437h2.188v.438h.438V1.75z" fill="#b79cf8"/>
	<path d="M3.938 2.625v.438H3.5v.875h.438v.875h.875v.438h1.313v-.438h.438V2.625z" fill="#9af4dc"/>
	<path d="M1.75 4.375v1.75h.438v.438h1.313v-.438h.438v-1.75z" fill="#9af4dc"/>
	<path d="M3.5 6.125H2.188v.438h1.313zm2.625-1.313H4.812v.438h1.313zm.438-.438h-.438v.438h.438zM3.938 5.687H3.5v.438h.438z" fill="#6c9ca6"/>
	<path d="M3.938 3.063H3.5v.438h.438zm.875.438h-.438v.438h.438zm1.313-.875H3.938v.438h2.188z" fill="#f0f0f0"/>
	<path d="M3.5.438h-.437v.438h.438zm3.063.875h-.438v.438h.438zm-.438 2.188h-.438v.875h.438zm-2.187-.876H3.5v.438h.438z" fill="#000"/>
	<path d="M3.938 2.188H3.5v.438h.438z" fill="#816bee"/>
	<path d="M1.313 3.938H.875v.438h.438zm1.75 1.75h-.438v.438h.438zm-.438-.438h-.437v.438h.438z" fill="#000"/>
	<path d="M2.625 5.25h-.437v.438h.438zm3.063-.875H5.25v.438h.438zm-.438-.438h-.438v.438h.438zM2.187 6.125H1.75v.438h.438zm1.75 0H3.5v.438h.438zM.874 4.375H.438v.438h.438zm.438 1.75H.875v.438h.438zm-.438.438H.438v.438h.438zM6.563 1.75v.875h-.438v.438h.438v1.75h.438V1.75zM5.688.875V.438H5.25v.875h.875V.875zM2.625.438H1.313v.438h1.313zm3.063 2.625H4.375v.438h1.313zM3.063 4.376H1.75v.438h1.313zm.438 2.188H2.188v.438h1.313zM3.063.875h-.438v.438h.438zm-1.75 0H.875v.438h.438z" fill="#000"/>
	<path d="M2.625.875H1.313v.438h1.313zm.438.438h-.438v.438h.438zm-1.313.875h-.437v.438h.438zm-.875.875H.438v.438h.438zm.438-1.75H.875v.438h.438z" fill="#f0f0f0"/>
	<path d="M6.125 5.25H4.812v.438h1.313zm-1.75-.438V3.5h-.437v.438H3.5v.438h.438v1.75h.438v-.875h.438v-.438zm2.188 0h-.438v.438h.438zM.875 1.313H.438v1.75h.438zm-.437 1.75H0v1.313h.438zm1.313 1.75h-.438v1.313h.438zm1.75 0h-.438v.875h.438zm-3.063 0H0v1.75h.438zM5.25 0H3.5v.438h1.75z" fill="#000"/>
	<path d="M3.5.875h-.437v.438h.438zM5.25.437H3.5v.438h1.75z" fill="#f0f0f0"/>
	<path d="M6.125 2.188H3.938v.438h2.188z" fill="#000"/>
	<path d="M6.125 1.75v-.437h-.438v.438H3.938v.438h2.188v.438h.438V1.75z" fill="#816bee"/>
	<path d="M2.188 4.813H1.75v.438h.438z" fill="#f0f0f0"/>
	<path d="M3.063 2.625v.438h-1.75v.438h2.188v-.876z" fill="#816bee"/>
	<path d="M3.063 3.063v.438h-1.75v.438h2.188v-.876z" fill="#000"/>
	<path d="M1.313 3.5H.875v.438h.438zm-.438.438H.438v.438h.438z" fill="#816bee"/>
	<path d="M1.313 3.938v.438H.875v.438H.438v1.75h.438v-.438h.438V4.813h.438v-.438h1.75v-.437z" fill="#9af4dc"/>
	<path d="M1.313 4.375H.875v.438h.438zm-.438.438H.438v.438h.438z" fill="#f0f0f0"/>
	<path d="M1.313 5.688H.875v.438h.438zm-.438.438H.438v.438h.438z" fill="#6c9ca6"/>
	<path d="M3.5 3.938H1.313v.438h2.188z" fill="#f0f0f0"/>
`;function hi(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${zr}
	</svg>`}var _r=C`
	<path d="M6.125 2.188v-.875h-.438V.875h-.438V.438h-.875v.438h.438v.438h.438v1.75h-.438v.438h-.438v.438H2.625V3.5h-.437v-.437H1.75v-1.75h.438V.875h.438V.438H1.75v.438h-.437v.438H.875v.875H.438v2.625h.438v.875h.438v.438h.875v.438h2.625v-.438h.875v-.438h.438v-.875h.438V2.188z" fill="#b79cf8"/>
	<path d="M2.625 0H1.75v.438h.875zM.875 1.313H.438v.875h.438zm1.313 0H1.75v1.75h.438zm2.188 2.188H2.625v.438h1.75z" fill="#000"/>
	<path d="M4.375 3.938h-1.75v.438h1.75z" fill="#f0f0f0"/>
	<path d="M.438 2.188H0v2.625h.438zm4.375 4.375H2.188v.438h2.625z" fill="#000"/>
	<path d="M.875 4.375H.438v.438h.438zm4.813.875h-.875v.438H2.188V5.25h-.875v-.438H.875v.875h.438v.438h.875v.438h2.625v-.438h.875v-.438h.438v-.875h-.438zm.875-.875h-.438v.438h.438z" fill="#816bee"/>
	<path d="M1.75.438h-.437v.438h.438zm-.437.437H.875v.438h.438z" fill="#000"/>
	<path d="M2.625.438H1.75v.438h.875zM1.75.875h-.437v.438h.438zm-.437.438H.875v.438h.438zm-.438.875H.438v.438h.438zm.438.438H.875v.438h.438zm.875.438H1.75v.438h.438zm.438.438h-.438v.438h.438zm2.625-.438h-.438v.438h.438zM4.813.439h-.438v.438h.438zm0 3.063h-.438v.438h.438z" fill="#f0f0f0"/>
	<path d="M3.063.438h-.438v.438h.438zm-.438.437h-.437v.438h.438zm0 2.188h-.437v.438h.438zm-1.75 1.75H.438v.875h.438zm.438.875H.875v.438h.438zM5.251 0h-.875v.438h.875zm.438 6.125h-.875v.438h.875zm-3.5 0h-.876v.438h.875zm4.374-4.812h-.438v.875h.438zm-1.313 0h-.438v1.75h.438zM7 2.188h-.438v2.625H7zM5.687.438h-.438v.438h.438zm.438.438h-.438v.438h.438zM4.375.438h-.437v.438h.438zm.438.438h-.438v.438h.438zm0 2.188h-.438v.438h.438zm1.75 1.75h-.438v.875h.438zm-.438.875h-.438v.438h.438z" fill="#000"/>
	<path d="M2.188.875H1.75v.438h.438z" fill="#b79cf8"/>
`;function li(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${_r}
	</svg>`}var br=C`
	<path d="M4.813 5.25v-.875h-.438v-.437h-1.75v.438h-.437v.875H1.75v1.313h3.5V5.251z" fill="#ffe361"/>
	<path d="M6.125 1.313V.875H5.25V.438h-3.5v.438H.875v.438H.438v2.625h.438v.438h.875v-.439h3.5v.438h.875v-.438h.438V1.313z" fill="#ff2c52"/>
	<path d="M5.25 0h-3.5v.438h3.5z" fill="#000"/>
	<path d="M5.25.438h-3.5v.438h3.5zm-3.5.437H.875v.438h.875zm4.375 0H5.25v.438h.875z" fill="#fff"/>
	<path d="M5.25 6.563h-3.5v.438h3.5zM.438 1.313H0v2.625h.438zM1.751.438H.875v.438h.875z" fill="#000"/>
	<path d="M.875 3.063v-1.75H.438v2.625h.875v-.875z" fill="#fff"/>
	<path d="M6.563 1.313h-.438v2.625h.438z" fill="#be0351"/>
	<path d="M6.563 2.625h-.875V3.5h.875zM5.25.875h-.875v.875h.875z" fill="#fff"/>
	<path opacity=".5" d="M6.563 2.625h-.438V3.5h.438z" fill="#be0351"/>
	<path d="M4.375 3.063h-1.75v.438h1.75zm.875.438h-.875v.438h.875zM2.625 3.5H1.75v.438h.875z" fill="#be0351"/>
	<path d="M2.625 4.375h-.437v.875h.438z" fill="#fff"/>
	<path d="M4.813 4.375h-.438v.875h.438zm0 .875v.875H1.75v.438h3.5V5.25z" fill="#ffb84b"/>
	<path d="M2.188 5.25H1.75v.875h.438z" fill="#fff"/>
	<path d="M1.75 3.938H.875v.438h.875zm4.375 0H5.25v.438h.875z" fill="#be0351"/>
	<path d="M3.5 2.625h-.875V3.5H3.5z" fill="#fff"/>
	<path opacity=".5" d="M3.5 3.063h-.875v.438H3.5z" fill="#be0351"/>
	<path d="M4.375 3.5h-1.75v.438h1.75z" fill="#000"/>
	<path d="M4.375 3.938h-1.75v.438h1.75z" fill="#fff"/>
	<path d="M.875.875H.438v.438h.438z" fill="#000"/>
	<path d="M2.188 1.313H1.75v.438h.438z" fill="#fff"/>
	<path d="M1.75 5.25h-.437v1.313h.438zm.438-.875h.438v-.437H1.75v.438H.875v.438h.875v.438h.438zM.875 3.938H.438v.438h.438zM7 1.313h-.438v2.625H7zM6.125.438H5.25v.438h.875zm.438.438h-.438v.438h.438zm-.438 3.5H5.25v-.438h-.875v.438h.438v.875h.438v1.313h.438V5.251h-.438v-.438h.875zh.438v-.438h-.438z" fill="#000"/>
`;function ni(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${br}
	</svg>`}var yr=C`
	<path d="M6.125 3.063v-.438H5.25v-.437h-.438V1.75h-.438V.875h-.436V.438h-.875v.438h-.438v.875h-.437v.438H1.75v.438H.875v.438H.438v.875h.438v.438h.875v.438h.438v.438h.438v.875h.438v.438h.875v-.438h.438v-.875h.438v-.438h.438v-.438h.875v-.44h.438v-.875z" fill="#47baff"/>
	<path d="M4.813 3.063h-.875v-.438h-.875v.438h-.875v.875h.875v.438h.875v-.438h.875z" fill="#b5e3ff"/>
	<path d="M1.313 0H.438v.438h.875zm.875.438h-.875v.438h.875zm-.438 1.75H.875v.438h.875zM.438.438H0v.875h.438z" fill="#000"/>
	<path d="M1.313.438H.438v.875h.438V.875h.438z" fill="#f0f0f0"/>
	<path d="M.438 3.063H0v.875h.438zM7.001.438h-.438v.875h.438zm-.438.875h-.438v.875h.438zm-5.688 0H.438v.875h.438zm1.75-.438h-.437v.875h.438zm2.188 0h-.438v.875h.438zM3.063.438h-.438v.438h.438z" fill="#000"/>
	<path d="M3.063.875h-.438v.438h.438zm.438.438h-.438v.438h.438zm-1.313.875H1.75v.438h.438zm-.875.437H.875v.438h.438zm-.438.438H.438v.438h.438z" fill="#f0f0f0"/>
	<path d="M1.313 6.563v-.438h.875V5.25H1.75v-.438H.875v.875H.438v.875z" fill="#b79cf8"/>
	<path d="M.875 5.688H.438v.438h.438z" fill="#f0f0f0"/>
	<path d="M2.188 1.75H1.75v.438h.438z" fill="#000"/>
	<path d="M2.188.875H.875v1.313h.875V1.75h.438zm3.938 1.313V.875H4.813v.875h.438v.438z" fill="#b79cf8"/>
	<path d="M2.188.875H1.75v.875h.438zm-.438.875h-.437v.438h.438zm4.375-.438h-.438v.875h.438zm.438-.438h-.438v.438h.438z" fill="#816bee"/>
	<path d="M5.688 6.563v-.438h-.875V5.25h.438v-.438h.875v.875h.438v.875z" fill="#b79cf8"/>
	<path d="M6.563 5.688h-.438v.438h.438zm-.438-.875h-.438v.438h.438z" fill="#816bee"/>
	<path d="M.875 2.625H.438v.438h.438zM7 3.063h-.438v.875H7zm-.438-.438h-.438v.438h.438zM4.374.437h-.436v.438h.438zm.875 1.313h-.438v.438h.438zM3.938 0h-.875v.438h.875z" fill="#000"/>
	<path d="M3.938.438h-.875v.438h.875zm0 2.625h-.875v.875h.875zM6.563.438h-.875v.438h.875zm-.875.438h-.875v.438h.875z" fill="#f0f0f0"/>
	<path d="M3.938 2.188h-.875v.438h.875zm0 2.188h-.875v.438h.875zM6.563.001h-.875v.438h.875zm-.875.438h-.875v.438h.875zm.438 1.75h-.875v.438h.875zM1.313 6.563H.438v.438h.875zm.875-.438h-.875v.438h.875zm-.438-1.75H.875v.438h.875zM.437 5.688H0v.875h.438zm6.563 0h-.438v.875H7zm-.438-.875h-.438v.875h.438zm-5.687 0H.438v.875h.438zm1.75.438h-.437v.875h.438zm2.188 0h-.438v.875h.438zm-1.75.875h-.438v.438h.438zm-.875-1.313H1.75v.438h.438z" fill="#000"/>
	<path d="M2.188 5.25H1.75v.875h.438zm-.438-.438h-.437v.438h.438z" fill="#816bee"/>
	<path d="M.875 3.938H.438v.438h.438zm1.313-.875H1.75v.875h.438zm.875-.438h-.875v.438h.875zm0 1.313h-.875v.438h.875zm2.188-.875h-.438v.875h.438zm-.438-.438h-.875v.438h.875zm0 1.313h-.875v.438h.875zm1.75 0h-.438v.438h.438z" fill="#000"/>
	<path d="M6.563 3.063h-.438v.875h.438zm-.438-.438h-.438v.438h.438zm0 1.313h-.438v.438h.438zm-.875 0h-.438v.438h.438zm-1.313.875h-.874v.438h.875zm.438-.438h-.437v.438h.438zm-1.313 0h-.437v.438h.438zm.875 1.75h-.874v.438h.875zm.438-.438h-.437v.438h.438zm-1.313 0h-.437v.438h.438zm-.874-1.749H1.75v.438h.438zM.875 3.5H.438v.438h.438zm.438.438H.875v.438h.438z" fill="#4282d8"/>
	<path d="M4.375 6.125h-.437v.438h.438zm.875-1.313h-.438v.438h.438zm-1.313 1.75h-.874V7h.875zm2.625 0h-.875V7h.875zm-.875-.438h-.875v.438h.875zm.438-1.75H5.25v.438h.875z" fill="#000"/>
`;function ci(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${yr}
	</svg>`}var Mr=C`
	<path d="M3.938.438h-.875v1.75h.875zm.875 2.625v-.438h-.438v-.437h-1.75v.438h-.437v.438H.438v.875h1.75v.438h.438v.438h.438v1.75h.875v-1.75h.438v-.438h.438v-.439h1.75v-.875z" fill="#bcef42"/>
	<path d="M1.75 0h-.437v.438h.438zm.875 2.188h-.437v.438h.438zm2.188 0h-.438v.438h.438zM5.688 0H5.25v.438h.438zm.438.438h-.438v.438h.438zm.438.438h-.438v.438h.438zm.438.438h-.438v.438h.438zM3.938 0h-.875v.438h.875z" fill="#000"/>
	<path d="M3.938.438h-.875v.438h.875z" fill="#f0f0f0"/>
	<path d="M3.938 1.313h-.875v.438h.875zm0 .438h-.875v.438h.875z" fill="#7fb134"/>
	<path d="M3.938 5.25h-.875v.438h.875z" fill="#f0f0f0"/>
	<path d="M3.938 6.125h-.875v.438h.875zm0-1.313h-.875v.438h.875z" fill="#7fb134"/>
	<path d="M3.938 2.625h-.875v.438h.875zm0 1.313h-.875v.438h.875zm.438-.875h-.438v.875h.438z" fill="#000"/>
	<path d="M5.25 3.063h-.438v.875h.438z" fill="#7fb134"/>
	<path d="M3.063 3.063h-.438v.875h.438z" fill="#000"/>
	<path d="M2.625 2.625h-.437V3.5h.438z" fill="#f0f0f0"/>
	<path d="M1.313.438H.875v.438h.438z" fill="#000"/>
	<path d="M1.313.438v.438H.875v.438H.438v.438h1.313V.438z" fill="#6be473"/>
	<path d="M1.75.438h-.437v.438h.438zm-.437.437H.875v.438h.438z" fill="#f0f0f0"/>
	<path d="M1.75 1.313H.438v.438h1.313z" fill="#008456"/>
	<path d="M5.25 5.25v1.313h.438v-.438h.438v-.438h.438v-.438zm-4.812 0v.438h.438v.438h.438v.438h.438V5.251z" fill="#6be473"/>
	<path d="M1.75 5.25H.438v.438h1.313z" fill="#f0f0f0"/>
	<path d="M1.313 5.688v.875h.438v-.875z" fill="#008456"/>
	<path d="M6.125 1.313V.875h-.438V.438h-.438v1.313h1.313v-.438z" fill="#6be473"/>
	<path d="M5.688.438H5.25v.438h.438zm0 2.625H5.25v.438h.438z" fill="#f0f0f0"/>
	<path d="M6.563 3.5H5.25v.438h1.313z" fill="#7fb134"/>
	<path d="M6.563 1.313H5.25v.438h1.313z" fill="#008456"/>
	<path d="M.875.875H.438v.438h.438zM3.063.437h-.438v1.75h.438zm1.313 0h-.438v1.75h.438zm2.625 2.625h-.438v.875h.438zm-.438-.438h-1.75v.438h1.75zm0 1.313h-1.75v.438h1.75zM.438 3.063H0v.875h.438zm1.75-.438H.438v.438h1.75z" fill="#000"/>
	<path d="M1.75 3.063H.438v.875h.438V3.5h.875z" fill="#f0f0f0"/>
	<path d="M2.188 3.938H.438v.438h1.75zM.438 1.313H0v.438h.438zm1.313 5.25h-.438v.438h.438zm.875-2.188h-.438v.438h.438z" fill="#000"/>
	<path d="M1.75 3.5h-.437v.438h.438zm.438-.438H1.75v.875h.438z" fill="#7fb134"/>
	<path d="M2.188 3.063H1.75v.875h.438z" fill="#3f581a"/>
	<path d="M4.375 4.375h-1.75v.438h1.75z" fill="#7fb134"/>
	<path d="M4.375 2.188h-1.75v.438h1.75z" fill="#f0f0f0"/>
	<path d="M4.813 4.375h-.438v.438h.438z" fill="#000"/>
	<path d="M4.813 3.938h-.438v.438h.438z" fill="#7fb134"/>
	<path d="M5.688 6.563H5.25v.438h.438zm.438-.438h-.438v.438h.438zm.438-.438h-.438v.438h.438zm.438-.438h-.438v.438h.438zM3.939 6.562h-.876V7h.875zm-2.625-.438H.875v.438h.438zm-.438-.438H.438v.438h.438zm2.188-.875h-.439v1.75h.438zm1.313 0h-.439v1.75h.438zM1.75 1.75H.438v.438h1.75V.438H1.75zm3.5 0V.438h-.438v1.75h1.75V1.75z" fill="#000"/>
	<path d="M.438 4.813v.438h1.313v1.313h.438v-1.75zm4.375 0v1.75h.438V5.25h1.313v-.438zM.438 5.25H0v.438h.438z" fill="#000"/>
	<path d="M5.688 6.125H5.25v.438h.438zm.438-.438h-.438v.438h.438zm.438-.438h-.438v.438h.438z" fill="#008456"/>
	<path d="M5.688 5.25H5.25v.438h.438z" fill="#f0f0f0"/>
	<path d="M3.938 3.063h-.875v.875h.875z" fill="#7fb134"/>
	<path d="M3.938 1.75h-.875v.438h.875zm0 3.063h-.875v.438h.875zm1.313-1.75h-.438v.875h.438z" fill="#3f581a"/>
`;function di(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${Mr}
	</svg>`}var xr=C`
	<path d="M4.813 4.375h.438v-.437h1.313V3.5H5.251v-.437h-.438V1.75h.875v-.437H4.375v.438H3.063v-.438h-.438V.875H1.75v.438h-.437v.438H.875v.438H.438v2.625h.438v.438h.438v.438h.438v-.875h1.75v.438h-.439v.438h.438v.438h.875v-.438h1.313v-.438h-.875z" fill="#54cfff"/>
	<path d="M3.938 4.813H3.5v.438h.438zm1.75.438H5.25v.438h.438zm.875-1.75h-.438v.438h.438zM5.25 3.063h-.438v.438h.438zM1.312 4.376H.875v.438h.438zm.438.438h-.437v.875h.438zm2.625.875H3.063v.438h1.313zm0-1.313h-.437v.438h.438z" fill="#4282D8"/>
	<path d="M3.938 0H3.5v.438h.438zm.438.438h-.438v.438h.438zm-.876 0H1.75v.438H3.5zM1.75.875h-.437v.438h.438zm1.313 0h-.438v.438h.438zm.438.438h-.438v.438h.438zm.875 0h-.438v.438h.438zM5.689.875H4.376v.438h1.313zm.438.438h-.438v.438h.438zm-4.814 0H.875v.438h.438zm-.438.437H.438v.438h.438zm-.437.438H0v2.625h.438zm.875.438H.875v1.75h.438zm.438-.438h-.438v.438h.438zm2.188-.438H1.75v.438h2.188z" fill="#000"/>
	<path d="M3.938 1.75H3.5v.875h.438zm1.75 0h-.875v.438h.875z" fill="#000"/>
	<path d="M5.25 1.75h-.438v1.313h.438zm1.313 1.313H5.25v.438h1.313zm.438.438h-.438v.438h.438zm-2.625-.875h-.438v1.75h.438zm2.188 1.313H5.251v.438h1.313zm-1.313.438h-.438v.875h.438z" fill="#000"/>
	<path d="M5.688 4.813h-.875v.438h.875zm.438.438h-.438v.438h.438zm-.438.438H4.375v.438h1.313zm-1.313.438h-1.75v.438h1.75zM3.5 4.814H1.75v.438H3.5zm-.875 1.75h-.437v.438h.438zm-.438-.438H1.75v.438h.438zm-.438-.438h-.436v.438h.438zm.438-.438H1.75v.438h.438zm.875 0h-.437v.438h.438zm-1.75 0H.875v.438h.438zm-.438-.438H.438v.438h.438zm.875-.438h-.436v.438h.438zm2.188 0H3.5v.438h.438z" fill="#000"/>
	<path d="M3.938 2.625H3.5v-.437H1.75v.438h-.437v1.75h.438v.438h1.75v-.438h.438z" fill="#9af4dc"/>
	<path d="M3.5 4.375H1.75v.438H3.5zm-1.75-.437h-.437v.438h.438zm2.188 0H3.5v.438h.438z" fill="#6c9ca6"/>
	<path d="M1.75 2.625h-.437v.438h.438zm.875.438h-.437v.438h.438zm.875-.875H1.75v.438H3.5z" fill="#f0f0f0"/>
	<path d="M3.5 5.688h-.437v.438h.438z" fill="#000"/>
	<path d="M.875 2.188H.438v.875h.438zm.875-.875h-.437v.438h.438zm.875-.438H1.75v.438h.875zm3.063.438H4.375v.438h1.313zM3.938.438H3.5v.438h-.437v.438h.438v.438h.438v-.439h.438V.875h-.439zM2.625 5.25h-.437v.438H1.75v.438h.438v.438h.438v-.438h.438v-.438h-.439z" fill="#f0f0f0"/>
`;function mi(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${xr}
	</svg>`}var wr=C`
	<path d="M5.688 1.313V.875h-.875v.438h-.438V.875h-.437V.438h-.875v.438h-.438v.438h-.437V.875h-.875v.438H.875v1.75h.875v.438h.438v-.438h2.625v.438h.438v-.438h.875v-1.75z" fill="#d1cdd5"/>
	<path d="M6.125 3.938V3.5h-1.75v-.437h-1.75v.438H.875v.438H.438v1.313h.438v.438h1.75v.438h.438v.438h.875v-.438h.438V5.69h1.75v-.438h.438V3.938z" fill="#57595f"/>
	<path d="M3.938 0h-.875v.438h.875zm-.875.438h-.438v.438h.438zm1.313 0h-.438v.438h.438zm1.313 0h-.875v.438h.875zm.438.438h-.438v.438h.438zm-1.313 0h-.438v.438h.438zM2.625.875h-.437v.438h.438zM2.188.438h-.875v.438h.875zm-1.313.875H.438v1.75h.438zm.438-.438H.875v.438h.438zM.875 3.5H.438v.438h.438zm-.437.438H0v1.313h.438zm.438 1.313H.438v.438h.438zm1.75.438H.875v.438h1.75zm.438.438h-.439v.438h.438zm.875.438h-.876v.438h.875zm.438-.438h-.439v.438h.438zm1.75-.438h-1.75v.438h1.75zm.438-.438h-.438v.438h.438zm.438-1.313h-.438v1.313h.438zM6.565 3.5h-.438v.438h.438zm0-2.188h-.438v1.75h.438zM2.188 3.5H1.75v.438h.438zm.438-.438h-.438V3.5h.438zm1.75-.438H2.625v.438h1.75zm.438.438h-.438V3.5h.438zm.438.438h-.438v.438h.438zm.438-.438h-.438V3.5h.875v-.437zm-4.377.001H.875v.438h.875v-.438z" fill="#000"/>
	<path d="M.875 4.813H.438v.438h.438zm.438.438H.875v.438h.438zm1.75.438h-.438v.438h.438zm1.313 0h-.438v.438h.438zm-.438.438h-.875v.438h.875zm2.188-.875h-.438v.438h.438zm.438-1.313h-.438v1.313h.438z" fill="#35363a"/>
	<path d="M1.313 2.625H.875v.438h.438zm.875.438H1.75v.438h.438zm3.063 0h-.438v.438h.438zm-2.626-.438h-.437v.438h.438zm2.188 0h-.438v.438h.438z" fill="#847d8b"/>
	<path d="M5.25 3.063h-.438v.438h.438zm-.875-.875h-1.75v.438h1.75zm1.75-.438h-.438v1.313h.438z" fill="#847d8b"/>
	<path d="M1.75 1.75h-.437v.438h.438zm-.437-.437H.875v.438h.438zm.875-.438h-.875v.438h.875zm.875 0h-.438v.438h.438zm.875-.438h-.875v.438h.875zm.438.438h-.438v.438h.438zm1.313 0h-.875v.438h.875zm.438.438h-.438v.438h.438z" fill="#f0f0f0"/>
	<path d="M.875 3.938H.438v.438h.438zm.438-.438H.875v.438h.438zm1.313 0h-.438v.438h.438zm1.75-.438H2.625V3.5h1.75zm.875.875h-.438v.438h.438zm.875-.438h-.875v.438h.875z" fill="#d8d8d8"/>
`;function fi(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${wr}
	</svg>`}var Hr=C`
	<path d="M6.125 1.75v-.437h-.438V.875h-.438V.438H2.625v.438H1.75v.438h-.437v.438H.875v.875H.438v2.188h.438v.438h.438v.438h.438v.438h.438v.438h2.188v-.438h.875v-.438h.438v-.438h.438v-.875h.438V1.75z" fill="#bcef42"/>
	<path d="M6.563.438h-.875v.438h.875z" fill="#f0f0f0"/>
	<path d="M1.313 5.688H.438v.438h.875z" fill="#bcef42"/>
	<path d="M1.75 6.125H.438v.438h1.313z" fill="#7fb134"/>
	<path d="M6.563 3.5h-.438v.875h.438z" fill="#816bee"/>
	<path d="M5.25.438H2.625v.438H5.25z" fill="#f0f0f0"/>
	<path d="M5.25.875H2.625v.438H5.25z" fill="#b79cf8"/>
	<path d="M4.375 6.125H2.188v.438h2.188z" fill="#816bee"/>
	<path d="M6.563.875h-.438v.438h.438z" fill="#bcef42"/>
	<path d="M2.625 2.188h-.437v.438h.438zM1.313 1.75H.875v.438h.438zm.438-.438h-.438v.438h.438z" fill="#f0f0f0"/>
	<path d="M2.625 1.313h-.437v.438h.438zm3.063 0H5.25v.438h.438z" fill="#b79cf8"/>
	<path d="M2.188.875H1.75v.438h.438zm.875 1.75h-.438v.438h.438zM.875 5.25H.438v.438h.438z" fill="#f0f0f0"/>
	<path d="M6.125 4.813h-.438v.438h.438zm-.438.438h-.438v.438h.438zm-.438.438h-.438v.438h.438z" fill="#816bee"/>
	<path d="M6.563.438v.875h-.438V.875h-.438v.438h.438v.438h.438v2.625h.438V.438zm-5.25.875H.875v.438h.438zm.438-.438h.875V.438H1.75zh-.438v.438h.438zm4.813 3.5h-.438v.875h.438zM.875 1.75H.438v.875h.438zM5.25 6.125h-.875v.438h.875zm.875-.875h-.438v.438h.438zm-4.812 0H.875v.438h.438zm.438.438h-.438v.438h.438zm-.875-.875H.438v.438h.438zm4.813.875h-.438v.438h.438zM.438 2.625H0v3.938h.438z" fill="#000"/>
	<path d="M5.25.875h.438V.438h.875V0H2.625v.438H5.25zM2.188 6.563v-.438H1.75v.438H.438v.438h3.938v-.438z" fill="#000"/>
	<path d="M.875 2.625H.438V3.5h.438z" fill="#f0f0f0"/>
	<path d="M4.375 2.625H3.5v.438h.875zm-.438 1.75h-.874v.438h.875zm.875-1.313h-.438v.875h.438zm-3.5 1.75h.875v-.438H1.75V2.188h-.437zm3.5-3.063H3.063v.438h1.75zm-.438 3.5H2.625v.438h1.75zm2.188-3.063h-.438v1.313h.438zM.875 3.5H.438v1.313h.438zm1.313-1.75H1.75v.438h.438zm1.313 1.313h-.438v.438h.438zm-.438.875h-.438v.438h.438zm-.438.875h-.437v.438h.438zm1.75-.875h-.437v.438h.438zm.438.875h-.438v.438h.438zm.438-.438h-.438v.438h.438zm-2.188-1.75v-.437h-.438v.438h-.437v1.313h.438V2.625zm3.063-.875h-.438v.438h.438zm-.875.438h-.438v.438h.438zm.438.438h-.438v1.75h.438zM1.313 4.813H.875v.438h.438zm.438.438h-.438v.438h.438zm.438.438H1.75v.438h.438z" fill="#b79cf8"/>
`;function vi(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${Hr}
	</svg>`}var $r=C`
	<path d="M6.125 1.75v-.437h-.438V.875h-.438V.438H1.75v.438h-.437v.438H.875v.438H.438v2.625h.438v.438h.438v.438h.438v.875h.438v.438h2.625v-.438h.438v-.875h.438v-.438h.438v-.438h.438V1.75z" fill="#d1cdd5"/>
	<path d="M1.75.438h-.437v.438h.438zm-.437.437H.875v.438h.438zm-.438.438H.438v.438h.438zm.875 3.938h-.437v.875h.438zm-.438-.438H.875v.438h.438zm.875 1.313H1.75v.438h.438zM.874 4.376H.438v.438h.438z" fill="#000"/>
	<path d="M1.75 4.813h-.437v.438h.438zm.438.875H1.75v.438h.438zm-.875-1.313H.875v.438h.438zm1.75-1.313H1.75v1.313h1.313z" fill="#847d8b"/>
	<path d="M3.063 3.5h-.875v.875h.875z" fill="#57595f"/>
	<path d="M5.25 3.063H3.938v1.313h1.313z" fill="#847d8b"/>
	<path d="M5.25 3.5h-.875v.875h.875z" fill="#57595f"/>
	<path d="M5.25 5.254h.438v-.438H5.25zm-.438.875h.438v-.438h-.438zm.875-1.313h.438v-.438h-.438z" fill="#847d8b"/>
	<path d="M.438 1.75H0v2.625h.438z" fill="#000"/>
	<path d="M.875 1.75H.438v2.625h.438z" fill="#fff"/>
	<path d="M5.25.879h.438V.441H5.25zm.438.438h.438V.879h-.438zm.438.438h.438v-.438h-.438zM5.251 6.13h.438v-.875h-.438zm.438-.875h.438v-.438h-.438zm-.875 1.313h.438V6.13h-.438zm1.313-1.75h.438V4.38h-.438zm.438-.438h.438V1.755h-.438z" fill="#000"/>
	<path d="M6.125 4.379h.438V1.754h-.438z" fill="#847d8b"/>
	<path d="M1.75 0v.438h3.5V0z" fill="#000"/>
	<path d="M1.75.875h-.437v.438h.438zm-.437.438H.875v.438h.438zm.438.438h-.438v.438h.438zm3.5-.433h.438V.88h-.438zm.438.438h.438v-.438h-.438zM1.75.438v.438h3.5V.438z" fill="#fff"/>
	<path d="M2.188 6.563v.438h2.625v-.438z" fill="#000"/>
	<path d="M2.188 6.125v.438h2.625v-.438z" fill="#847d8b"/>
	<path d="M3.063 5.688h-.438v.875h.438zm1.313 0h-.438v.875h.438z" fill="#57595f"/>
`;function pi(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${$r}
	</svg>`}var kr=C`
	<path d="M3.063 0H1.75v.438h1.313zm1.75.438h-1.75v.438h1.75zm-.875 2.187H3.5v1.75h.438zm-3.5-.437H0v2.625h.438zM6.563.875h-1.75v.438h1.75z" fill="#000"/>
	<path d="M3.063.438H1.75v.438h1.313zm1.75.438h-1.75v.438h1.75zm1.75.438h-1.75v.438h1.75z" fill="#f0f0f0"/>
	<path d="M3.063 6.563H1.75v.438h1.313z" fill="#000"/>
	<path d="M2.625 6.125v-.438h-.437v-.875H1.75V2.188h.438v-.875h.438V.875H1.75v.438H.875v1.75H.438v1.75h.438v.875h.438v.438h.438v.438h1.313v-.438z" fill="#ffe361"/>
	<path d="M3.063 6.125H1.75v.438h1.313z" fill="#ffb84b"/>
	<path d="M4.813 6.125h-1.75v.438h1.75z" fill="#000"/>
	<path d="M4.375 5.688V5.25h-.437v-.875H3.5v-1.75h.438V1.75h.438v-.437H3.063v.438h-.438v1.313h-.437v1.75h.438v.875h.438v.438h1.75v-.438z" fill="#ffe361"/>
	<path d="M6.563 5.688h-1.75v.438h1.75zM1.75.438h-.437v.438h.438zm-.437.437H.875v.438h.438zm-.438.438H.438v.875h.438zm6.125 0h-.438v.438H7zm-.438.438h-.438v.438h.438zm-.438.438h-.438v.875h.438zm.875 3.063h-.438v.438h.438zm-.438-.438h-.438v.438h.438zm-.438-.875h-.438v.875h.438zm-.438-.875h-.438v.875h.438zM1.747 6.127h-.434v.438h.438zm-.438-.438H.875v.438h.438zm-.438-.875H.438v.875h.438zm1.313-2.625H1.75v2.625h.438zM3.059.876h-.434v.438h.438zm-.434.437h-.437v.875h.438z" fill="#000"/>
	<path d="M.875 2.188H.438v.875h.438zm1.75 0h-.437v.875h.438z" fill="#f0f0f0"/>
	<path d="M2.188 1.313H1.75v.875h.438z" fill="#ffb84b"/>
	<path d="M4.813 1.313h-.438v.438h.438z" fill="#000"/>
	<path d="M1.75.875h-.437v.438h.438z" fill="#f0f0f0"/>
	<path d="M2.625.875h-.437v.438h.438zm1.313.875H3.5v.875h.438zm.438-.438h-.438v.438h.438zm-2.188 3.5H1.75v.438h.438zm-.438.875h-.437v.438h.438zm-.438-.875H.875v.875h.438zm2.188.875v-.438h-.437v-.438h-.438v.875h.438v.438h1.75v-.438zm.438-1.313H3.5v.438h.438z" fill="#ffb84b"/>
	<path d="M4.375 5.688V5.25h-.437v-.875H3.5v-1.75h.438V1.75h.438v-.437H3.063v.438h-.438v1.313h-.437v1.75h.438v.875h.438v.438h1.75v-.438z" fill="url(#a)"/>
	<path d="M6.125 5.25v-.438h-.438v-.874h-.438v-.875h.438v-.875h.438V1.75H4.812v.438h-.438v.438h-.436v1.75h.438v.875h.438v.438h1.75v-.438z" fill="#ff2c52"/>
	<path d="M5.688 2.188H5.25v.875h.438zm.438-.438h-.438v.438h.438zm-.438 2.188H5.25v.438h.438zM5.25 5.251v-.438h-.875v.438h.438v.438h1.75v-.438z" fill="#be0351"/>
	<path d="M1.313 1.313H.875v.438h.438zm0 1.75H.875v.438h.438zm1.75-1.75h-.438v.438h.438zm1.75.438h-.438v.438h.438zm-.438.875h-.437v.438h.438z" fill="#f0f0f0"/>
	<path d="M4.375 1.75h-.437v.875h.438zM3.062 5.688h-.437v.438h.438zm-.438-.875h-.436v.875h.438zm2.188.438h-.438v.438h.438zm-.438-.875h-.436v.875h.438z" fill="#000"/>
	<defs>
		<radialGradient id="a" cx=".75" cy=".5" r="1" fx=".75" fy=".5">
		<stop stop-color="#ff2c52" offset="30%"/>
		<stop stop-color="#ffe361" offset="70%"/>
		</radialGradient>
	</defs>
`;function ui(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${kr}
	</svg>`}var Tr=C`
	<path d="M4.813.438v.438h-.438v.438h-.437v.438H3.5v.438h-.437v.875h-.438v.438H3.5v.875h.438v-.44h.875V3.5h.438v-.437h.438v-.438h.438v-.437h.438V.438z" fill="#d1cdd5"/>
	<path d="M1.313 3.938h.438v.438h.875v.875h.438v.438h.875v.438h.875v-.875h-.876v-.438H3.5v-.438h-.437v-.438h-.438V3.5h-.437v-.437H1.75v-.875H.875v.875h.438z" fill="#ffe361"/>
	<path d="M2.188 4.813h-.875v.875h.875zm-.875.875H.438v.875h.875z" fill="#ffe361"/>
	<path d="M4.813.438h-.438v.438h.438zm-.438.438h-.437v.438h.438zm-.437.437H3.5v.438h.438zM3.5 1.75h-.437v.438h.438zm-.437.438h-.438v.875h.438zm-.875 0H1.75v.875h.438zm-1.313 0H.438v.875h.438zm.438.875H.875v.875h.438zm3.5.875h-.875v.438h.875zm0 .875h-.875v.438h.875zm.438.438h-.438v.875h.438z" fill="#000"/>
	<path d="M6.563.438h-.438v1.75h.438z" fill="#847d8b"/>
	<path d="M.438 5.688H0v.875h.438zm4.375.438h-.875v.438h.875zm-.875-.438h-.875v.438h.875z" fill="#000"/>
	<path d="M2.188 5.25h-.875v.438h.875zm-.875.875H.438v.438h.875z" fill="#ffb84b"/>
	<path d="M1.313 6.125v.438h.438v-.438h.438v-.438h-.876zm1.313-.875v-.875H1.75v-.437h-.437v.875h.875v.875h.875V5.25zm-1.313 0v-.438H.875v.438H.438v.438h.875zm0 1.313H.438v.438h.875zM1.75 1.75H.875v.438h.875zm1.313 2.188v.438h.438V3.5h-.876v.438z" fill="#000"/>
	<path d="M5.688 1.313H5.25v.438h.438zm-.438.438h-.438v.438h.438zm-.438.438h-.438v.438h.438zm-.438.438h-.436v.438h.438zm-.436.436H3.5v.438h.438z" fill="#847d8b"/>
	<path d="M3.063 3.063h-.438v.438h.438z" fill="#f0f0f0"/>
	<path d="M1.75 3.5h-.437v.438h.438zm-.437-.875H.875v.438h.438zm.875 1.313H1.75v.438h.438zm.875.875h-.438v.438h.438zm.438.438h-.438v.438h.438zm.875.438h-.438v.438h.438z" fill="#ffb84b"/>
	<path d="M3.938 4.375H3.5v.438h.438zM2.625 3.063h-.437v.438h.438zm3.938-.875h-.438v.438h.438zm-.438.438h-.438v.438h.438zm-.438.438h-.438v.438h.438zm-.438.438h-.438v.438h.438zm-.438-3.5V.44h1.75v1.75h.438V0z" fill="#000"/>
	<path d="M4.813 5.25h-.438v.438h.438zm-.875-.438H3.5v.438h.438zM3.5 4.374h-.437v.438h.438zm-.437-.436h-.438v.438h.438zM2.625 3.5h-.437v.438h.438zm-.437-.437H1.75v.438h.438zM3.5 2.188h-.437v.438h1.313v-.438h-.438V1.75H3.5zM4.375.875v.438h-.437v.438h1.313v-.438h-.438V.875zm1.75-.438H4.812v.438h1.313z" fill="#f0f0f0"/>
	<path d="M6.125 2.188h-.438v.438h.438zm-.438.438h-.438v.438h.438zm-.438.438h-.438v.438h.438zm-.438.438h-.438v.438h.438zm-.873.436H3.5v.438h.438z" fill="#847d8b"/>
	<path d="M1.75 2.188h-.437v.438h.438zm0 2.625h-.437v.438h.438zm-.875.875H.438v.438h.438z" fill="#f0f0f0"/>
`;function gi(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${Tr}
	</svg>`}var Cr=C`
	<path d="M5.688 2.625v-.437H5.25V1.75h-.438v-.437h-.438V.875h-.436V.438h-.875v.438h-.438v.438h-.437v.438H1.75v.438h-.437v.438H.875v.875H.438v2.188h.438v.438h.875v.438h3.5v-.438h.875v-.438h.438V3.5h-.438v-.875z" fill="#0abbff"/>
	<path d="M3.063 0v.438h.875V0zm-.438.438v.438h.438V.438zm1.313 0v.438h.438V.438zm.438.438v.438h.438V.875zm.438.438v.438h.438v-.439zm.438.438v.438h.438v-.44zm.438.438v.438h.438v-.44zm.438.438v.875h.438v-.878zm-5.69-.003V3.5h.438v-.875zM0 3.5v2.188h.438V3.5zm6.563 0v2.188h.438V3.5zM2.188.875v.438h.438V.875zm-.438.438v.438h.438v-.438zm-.437.437v.438h.438V1.75zm-.438.438v.438h.438v-.438zm-.438 3.5v.438h.438v-.438zm5.688 0v.438h.438v-.438zm-4.375.875v.438h3.5v-.438z" fill="#000"/>
	<path d="M1.75 6.125v.438h3.5v-.438z" fill="#4282d8"/>
	<path d="M.875 6.125v.438h.875v-.438zm5.25.438v-.438H5.25v.438z" fill="#000"/>
	<path d="M3.063.438v.438h.875V.438z" fill="#fff"/>
	<path opacity=".5" d="M4.813 3.5v-.437h-.438v-.438h-.437v-.437h-.875v.438h-.438v.438h-.437v.438H1.75v1.313h.438v.438h2.625v-.438h.438V3.5z" fill="#fff"/>
	<path d="M2.625.875v.438h.438V.875zm-.437.438v.438h.438v-.438zm.438.438v.438h.438V1.75zM1.75 1.75v.438h.438V1.75zm-.437.438v.438h.438v-.438zm-.438.437V3.5h.438v-.875zM.438 3.5v.875h.438V3.5z" fill="#fff"/>
	<path d="M5.25 2.188v.438h.438v-.438zm.438.438v.875h.438v-.876zm.438.875v1.75h-.438v.438H5.25v.438h.875v-.438h.438V3.5zM.875 6.125h.875v-.438H.875z" fill="#4282d8"/>
`;function zi(i={}){return f`<svg
		${E(i)}
		aria-hidden="true"
		role="img"
		width="14"
		height="14"
		viewBox="0 0 7 7"
		fill="none"
		xmlns="http://www.w3.org/2000/svg"
	>
		${Cr}
	</svg>`}var Er=globalThis.$discordMessage??{};function Ue(){return Er}var Oi={blue:"https://cdn.discordapp.com/embed/avatars/0.png",gray:"https://cdn.discordapp.com/embed/avatars/1.png",green:"https://cdn.discordapp.com/embed/avatars/2.png",orange:"https://cdn.discordapp.com/embed/avatars/3.png",red:"https://cdn.discordapp.com/embed/avatars/4.png",pink:"https://cdn.discordapp.com/embed/avatars/5.png"},Ii=Ue().avatars??{},Fe=Object.assign(Oi,Ii,{default:Oi[Ii.default]??Ii.default??Oi.blue}),_i=Ue().profiles??{},Vs=Ue().defaultTheme==="light"?"light":"dark",As=Ue().defaultMode==="compact"?"compact":"cozy",js=Ue().defaultBackground==="none"?"none":"discord",Ss=new Map([["heart",si()],["crystal",Jt()],["diamond",Xt()],["explosion",ei()],["flame",ti()],["flower",ii()],["key",ri()],["leaf",ai()],["lightning",oi()],["magic",hi()],["moon",li()],["mushroom",ni()],["mythical",ci()],["ornament",di()],["plasma",mi()],["rock",fi()],["shell",vi()],["skull",pi()],["sun",ui()],["sword",gi()],["water",zi()]]);var Vr=C`
	<path
		fill="currentColor"
		d="M18.91 12.98a5.45 5.45 0 0 1 2.18 6.2c-.1.33-.09.68.1.96l.83 1.32a1 1 0 0 1-.84 1.54h-5.5A5.6 5.6 0 0 1 10 17.5a5.6 5.6 0 0 1 5.68-5.5c1.2 0 2.32.36 3.23.98Z"
	/>
	<path
		fill="currentColor"
		d="M19.24 10.86c.32.16.72-.02.74-.38L20 10c0-4.42-4.03-8-9-8s-9 3.58-9 8c0 1.5.47 2.91 1.28 4.11.14.21.12.49-.06.67l-1.51 1.51A1 1 0 0 0 2.4 18h5.1a.5.5 0 0 0 .49-.5c0-4.2 3.5-7.5 7.68-7.5 1.28 0 2.5.3 3.56.86Z"
	/>
`;function $t(i={}){return f`<svg
		${E(i)}
		class="discord-mention-icon"
		aria-hidden="false"
		width="24"
		height="24"
		viewBox="0 0 20 20"
		xmlns="http://www.w3.org/2000/svg"
	>
		${Vr}
	</svg>`}var Ar=C`
	<path
		fill="currentColor"
		fill-rule="evenodd"
		clip-rule="evenodd"
		d="M10.99 3.16A1 1 0 1 0 9 2.84L8.15 8H4a1 1 0 0 0 0 2h3.82l-.67 4H3a1 1 0 1 0 0 2h3.82l-.8 4.84a1 1 0 0 0 1.97.32L8.85 16h4.97l-.8 4.84a1 1 0 0 0 1.97.32l.86-5.16H20a1 1 0 1 0 0-2h-3.82l.67-4H21a1 1 0 1 0 0-2h-3.82l.8-4.84a1 1 0 1 0-1.97-.32L15.15 8h-4.97l.8-4.84ZM14.15 14l.67-4H9.85l-.67 4h4.97Z"
	/>
`;function kt(i={}){return f`<svg
		${E(i)}
		class="discord-mention-icon"
		aria-hidden="false"
		width="24"
		height="24"
		viewBox="0 0 24 24"
		xmlns="http://www.w3.org/2000/svg"
	>
		${Ar}
	</svg>`}var jr=C`
	<path
		fill="currentColor"
		d="M12 2.81a1 1 0 0 1 0-1.41l.36-.36a1 1 0 0 1 1.41 0l9.2 9.2a1 1 0 0 1 0 1.4l-.7.7a1 1 0 0 1-1.3.13l-9.54-6.72a1 1 0 0 1-.08-1.58l1-1L12 2.8ZM12 21.2a1 1 0 0 1 0 1.41l-.35.35a1 1 0 0 1-1.41 0l-9.2-9.19a1 1 0 0 1 0-1.41l.7-.7a1 1 0 0 1 1.3-.12l9.54 6.72a1 1 0 0 1 .07 1.58l-1 1 .35.36ZM15.66 16.8a1 1 0 0 1-1.38.28l-8.49-5.66A1 1 0 1 1 6.9 9.76l8.49 5.65a1 1 0 0 1 .27 1.39ZM17.1 14.25a1 1 0 1 0 1.11-1.66L9.73 6.93a1 1 0 0 0-1.11 1.66l8.49 5.66Z"
	/>
`;function Tt(i={}){return f`<svg
		${E(i)}
		class="discord-mention-icon"
		aria-hidden="false"
		width="24"
		height="24"
		viewBox="0 0 24 24"
		xmlns="http://www.w3.org/2000/svg"
	>
		${jr}
	</svg>`}var Sr=C`
	<path
		fill="currentColor"
		fill-rule="evenodd"
		clip-rule="evenodd"
		d="M6 9h1V6a5 5 0 0 1 10 0v3h1a3 3 0 0 1 3 3v8a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3v-8a3 3 0 0 1 3-3Zm9-3v3H9V6a3 3 0 1 1 6 0Zm-1 8a2 2 0 0 1-1 1.73V18a1 1 0 1 1-2 0v-2.27A2 2 0 1 1 14 14Z"
	/>
`;function Ct(i={}){return f`<svg
		${E(i)}
		class="discord-mention-icon"
		aria-hidden="false"
		width="24"
		height="24"
		viewBox="0 0 24 24"
		xmlns="http://www.w3.org/2000/svg"
	>
		${Sr}
	</svg>`}var Dr=C`
	<path
		fill="currentColor"
		d="M12 3a1 1 0 0 0-1-1h-.06a1 1 0 0 0-.74.32L5.92 7H3a1 1 0 0 0-1 1v8a1 1 0 0 0 1 1h2.92l4.28 4.68a1 1 0 0 0 .74.32H11a1 1 0 0 0 1-1V3ZM15.1 20.75c-.58.14-1.1-.33-1.1-.92v-.03c0-.5.37-.92.85-1.05a7 7 0 0 0 0-13.5A1.11 1.11 0 0 1 14 4.2v-.03c0-.6.52-1.06 1.1-.92a9 9 0 0 1 0 17.5Z"
	/>
	<path
		fill="currentColor"
		d="M15.16 16.51c-.57.28-1.16-.2-1.16-.83v-.14c0-.43.28-.8.63-1.02a3 3 0 0 0 0-5.04c-.35-.23-.63-.6-.63-1.02v-.14c0-.63.59-1.1 1.16-.83a5 5 0 0 1 0 9.02Z"
	/>
`;function Et(i={}){return f`<svg
		${E(i)}
		class="discord-mention-icon"
		aria-hidden="false"
		width="24"
		height="24"
		viewBox="0 0 24 24"
		xmlns="http://www.w3.org/2000/svg"
	>
		${Dr}
	</svg>`}var Ye=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},we=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},J="light-theme",Ve="compact-mode",Pi="no-background",r3=(()=>{let i=[L("discord-messages")],t,s=[],e,r=P,h,a=[],n=[],v,d=[],l=[],o,b=[],p=[],u,m=[],c=[],g,A=[],k=[];var R=class extends r{static{e=this}static{let x=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;h=[wt({context:J}),y({type:Boolean,reflect:!0,attribute:"light-theme"})],v=[wt({context:Pi}),y({type:Boolean,reflect:!0,attribute:"no-background"})],o=[wt({context:Ve}),y({type:Boolean,reflect:!0,attribute:"compact-mode"})],u=[y({reflect:!0,attribute:"channel-type"})],g=[y({reflect:!0,attribute:"channel-name"})],Ye(this,null,h,{kind:"accessor",name:"lightTheme",static:!1,private:!1,access:{has:_=>"lightTheme"in _,get:_=>_.lightTheme,set:(_,D)=>{_.lightTheme=D}},metadata:x},a,n),Ye(this,null,v,{kind:"accessor",name:"noBackground",static:!1,private:!1,access:{has:_=>"noBackground"in _,get:_=>_.noBackground,set:(_,D)=>{_.noBackground=D}},metadata:x},d,l),Ye(this,null,o,{kind:"accessor",name:"compactMode",static:!1,private:!1,access:{has:_=>"compactMode"in _,get:_=>_.compactMode,set:(_,D)=>{_.compactMode=D}},metadata:x},b,p),Ye(this,null,u,{kind:"accessor",name:"channelType",static:!1,private:!1,access:{has:_=>"channelType"in _,get:_=>_.channelType,set:(_,D)=>{_.channelType=D}},metadata:x},m,c),Ye(this,null,g,{kind:"accessor",name:"channelName",static:!1,private:!1,access:{has:_=>"channelName"in _,get:_=>_.channelName,set:(_,D)=>{_.channelName=D}},metadata:x},A,k),Ye(null,t={value:e},i,{kind:"class",name:e.name,metadata:x},null,s),R=e=t.value,x&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:x})}static styles=N`
		:host {
			color: #fff;
			background-color: #36393e;
			display: block;
			font-size: 16px;
			font-family: 'gg sans', 'Noto Sans', Whitney, 'Helvetica Neue', Helvetica, Roboto, Arial, sans-serif;
			line-height: 170%;
			border: 1px solid rgba(255, 255, 255, 0.05);
		}

		:host([light-theme]) {
			color: #747f8d;
			background-color: #fff;
			border-color: #dedede;
		}

		:host([no-background]) {
			background-color: unset;
		}

		::slotted(*) {
			padding-top: 0.125rem;
			padding-bottom: 0.125rem;
		}

		::slotted(*:first-child) {
			margin-top: 0.5rem;
		}

		::slotted(*:not(:first-child)) {
			margin-top: 1.0625rem;
		}

		:host([compact-mode]) ::slotted(*:not(:first-child)) {
			margin-top: unset;
		}

		::slotted(*:last-child) {
			margin-bottom: 0.5rem;
			border-bottom-width: 0;
		}

		:host .discord-channel-header {
			display: flex;
			align-items: center;
			padding: 0.5rem 1rem;
			box-shadow:
				0 2px 0 0 rgba(0, 0, 0, 0.05),
				0 1.5px 0 0 rgba(0, 0, 0, 0.05),
				0 1px 0 0 rgba(0, 0, 0, 0.16);
		}

		:host .discord-channel-icon {
			height: 24px;
			width: auto;
			margin: 0 8px;
			position: relative;
			flex: 0 0 auto;
			color: #80848e;
		}

		:host([light-theme]) .discord-channel-icon {
			color: #6d6f78;
		}

		:host .discord-channel-name {
			margin: 0 8px 0 0;
			flex: 0 0 auto;
			min-width: auto;
		}
	`;#e=we(this,a,!1);get lightTheme(){return this.#e}set lightTheme(x){this.#e=x}#t=(we(this,n),we(this,d,!1));get noBackground(){return this.#t}set noBackground(x){this.#t=x}#i=(we(this,l),we(this,b,!1));get compactMode(){return this.#i}set compactMode(x){this.#i=x}#s=(we(this,p),we(this,m,void 0));get channelType(){return this.#s}set channelType(x){this.#s=x}#r=(we(this,c),we(this,A,void 0));get channelName(){return this.#r}set channelName(x){this.#r=x}connectedCallback(){super.connectedCallback(),(this.lightTheme||Vs==="light"&&this.lightTheme)&&(this.lightTheme=!0),(this.compactMode||As==="compact"&&this.compactMode)&&(this.compactMode=!0),(this.noBackground||js==="none"&&this.noBackground)&&(this.noBackground=!0)}render(){let x;switch(this.channelType){case"text":x=f`${kt()}`;break;case"voice":x=f`${Et()}`;break;case"locked":x=f`${Ct()}`;break;case"thread":x=f`${Tt()}`;break;case"forum":x=f`${$t()}`;break}return f`
			${B(this.channelType&&this.channelName,()=>f`<div class="discord-channel-header">
						<div class="discord-channel-icon">${x}</div>
						<div class="discord-channel-name">${this.channelName}</div>
					</div>`)}
			<slot></slot>
		`}constructor(){super(...arguments),we(this,k)}static{we(e,s)}};return R=e})();var Or=C`
	<path d="M7.4,11.17,4,8.62,5,7.26l2,1.53L10.64,4l1.36,1Z" fill="currentColor" />
`;function Oe(i={}){return f`<svg
		${E(i)}
		class="discord-application-tag-verified"
		aria-label="Verified App"
		aria-hidden="false"
		width="16"
		height="16"
		viewBox="0 0 16 15.2"
		xmlns="http://www.w3.org/2000/svg"
	>
		${Or}
	</svg>`}var Bi=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},Vt=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},u3=(()=>{let i=[L("discord-verified-author-tag")],t,s=[],e,r=P,h,a=[],n=[],v,d=[],l=[];var o=class extends r{static{e=this}static{let b=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;h=[y({type:Boolean})],v=[W({context:Ve}),y({type:Boolean,reflect:!0,attribute:"compact-mode"})],Bi(this,null,h,{kind:"accessor",name:"verified",static:!1,private:!1,access:{has:p=>"verified"in p,get:p=>p.verified,set:(p,u)=>{p.verified=u}},metadata:b},a,n),Bi(this,null,v,{kind:"accessor",name:"compactMode",static:!1,private:!1,access:{has:p=>"compactMode"in p,get:p=>p.compactMode,set:(p,u)=>{p.compactMode=u}},metadata:b},d,l),Bi(null,t={value:e},i,{kind:"class",name:e.name,metadata:b},null,s),o=e=t.value,b&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:b})}static styles=N`
		:host {
			background-color: #5865f2;
			color: #fff;
			font-size: 0.625em;
			margin-left: 4px;
			border-radius: 3px;
			line-height: 100%;
			text-transform: uppercase;
			display: inline-flex;
			align-items: center;
			height: 0.9375rem;
			padding: 0 0.275rem;
			margin-top: 0.075em;
			border-radius: 0.1875rem;
		}

		:host .discord-application-tag-verified {
			display: inline-block;
			width: 0.9375rem;
			height: 0.9375rem;
			margin-left: -0.25rem;
		}

		:host([compact-mode]) {
			padding-left: 10px;
			padding-right: 4px;
			margin-right: 0.25rem;
			margin-left: 0px !important;
			margin-top: 0px !important;
		}

		:host([compact-mode]) .discord-application-tag-verified {
			margin-right: 0.7em;
			margin-left: -0.7em;
		}
	`;#e=Vt(this,a,!1);get verified(){return this.#e}set verified(b){this.#e=b}#t=(Vt(this,n),Vt(this,d,!1));get compactMode(){return this.#t}set compactMode(b){this.#t=b}render(){return f`${B(this.verified,()=>Oe())}App`}constructor(){super(...arguments),Vt(this,l)}static{Vt(e,s)}};return o=e})();var U=i=>i??G;var Ni=class extends re{update(t,[s]){for(let[e,r]of Object.entries(s))r==null||r===""?t.element.style.removeProperty(e):t.element.style.setProperty(e,r);return ee}},Ie=he(Ni);var Ir=new Intl.DateTimeFormat("en-US",{day:"2-digit",month:"2-digit",year:"numeric"}),Pr=new Intl.DateTimeFormat("en-US",{hour12:!0,hour:"2-digit",minute:"2-digit"}),Br=new Intl.DateTimeFormat("en-US",{hour12:!1,hour:"2-digit",minute:"2-digit"}),Nr=i=>i instanceof Date?Ir.format(i):i,Lr=(i,t=!1)=>i instanceof Date?t?Br.format(i):Pr.format(i):i;function Je(i,t=!1,s=!1){if(!(i instanceof Date)&&typeof i!="string")throw new TypeError("Timestamp prop must be a Date object or a string.");return t?Lr(i,s):Nr(i)}var Rr=/(?:<(?<animated>a)?:(?<name>\w{2,32}):)?(?<id>\d{17,21})>?/;function Xe(i){let t=Ue().emojis?.[i];if(t)return t;let s=Rr.exec(i);if(s?.groups){let{name:e,id:r,animated:h}=s.groups;return{name:e,url:`https://cdn.discordapp.com/emojis/${r}.${h?"gif":"png"}`}}}function bi(i){if(i)return Ss.get(i)??i}var ae=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},K=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},P3=(()=>{let i=[L("discord-author-info")],t,s=[],e,r=P,h,a=[],n=[],v,d=[],l=[],o,b=[],p=[],u,m=[],c=[],g,A=[],k=[],R,x=[],_=[],D,te=[],ie=[],se,ne=[],ce=[],de,me=[],fe=[],ve,pe=[],ue=[],ge,ze=[],_e=[],be,ye=[],Me=[],xe,O=[],$=[];var F=class extends r{static{e=this}static{let j=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;h=[y()],v=[y({type:Boolean})],o=[y({type:Boolean})],u=[y({type:Boolean,attribute:"official-app"})],g=[y({type:Boolean})],R=[y({attribute:"role-color"})],D=[y({attribute:"role-icon"})],se=[y({attribute:"role-name"})],de=[y({attribute:"clan-icon"})],ve=[y({attribute:"clan-tag"})],ge=[y({type:Boolean})],be=[W({context:Ve}),y({type:Boolean,reflect:!0,attribute:"compact-mode"})],xe=[W({context:J}),y({type:Boolean,reflect:!0,attribute:"light-theme"})],ae(this,null,h,{kind:"accessor",name:"author",static:!1,private:!1,access:{has:H=>"author"in H,get:H=>H.author,set:(H,Z)=>{H.author=Z}},metadata:j},a,n),ae(this,null,v,{kind:"accessor",name:"bot",static:!1,private:!1,access:{has:H=>"bot"in H,get:H=>H.bot,set:(H,Z)=>{H.bot=Z}},metadata:j},d,l),ae(this,null,o,{kind:"accessor",name:"server",static:!1,private:!1,access:{has:H=>"server"in H,get:H=>H.server,set:(H,Z)=>{H.server=Z}},metadata:j},b,p),ae(this,null,u,{kind:"accessor",name:"officialApp",static:!1,private:!1,access:{has:H=>"officialApp"in H,get:H=>H.officialApp,set:(H,Z)=>{H.officialApp=Z}},metadata:j},m,c),ae(this,null,g,{kind:"accessor",name:"op",static:!1,private:!1,access:{has:H=>"op"in H,get:H=>H.op,set:(H,Z)=>{H.op=Z}},metadata:j},A,k),ae(this,null,R,{kind:"accessor",name:"roleColor",static:!1,private:!1,access:{has:H=>"roleColor"in H,get:H=>H.roleColor,set:(H,Z)=>{H.roleColor=Z}},metadata:j},x,_),ae(this,null,D,{kind:"accessor",name:"roleIcon",static:!1,private:!1,access:{has:H=>"roleIcon"in H,get:H=>H.roleIcon,set:(H,Z)=>{H.roleIcon=Z}},metadata:j},te,ie),ae(this,null,se,{kind:"accessor",name:"roleName",static:!1,private:!1,access:{has:H=>"roleName"in H,get:H=>H.roleName,set:(H,Z)=>{H.roleName=Z}},metadata:j},ne,ce),ae(this,null,de,{kind:"accessor",name:"clanIcon",static:!1,private:!1,access:{has:H=>"clanIcon"in H,get:H=>H.clanIcon,set:(H,Z)=>{H.clanIcon=Z}},metadata:j},me,fe),ae(this,null,ve,{kind:"accessor",name:"clanTag",static:!1,private:!1,access:{has:H=>"clanTag"in H,get:H=>H.clanTag,set:(H,Z)=>{H.clanTag=Z}},metadata:j},pe,ue),ae(this,null,ge,{kind:"accessor",name:"verified",static:!1,private:!1,access:{has:H=>"verified"in H,get:H=>H.verified,set:(H,Z)=>{H.verified=Z}},metadata:j},ze,_e),ae(this,null,be,{kind:"accessor",name:"compactMode",static:!1,private:!1,access:{has:H=>"compactMode"in H,get:H=>H.compactMode,set:(H,Z)=>{H.compactMode=Z}},metadata:j},ye,Me),ae(this,null,xe,{kind:"accessor",name:"lightTheme",static:!1,private:!1,access:{has:H=>"lightTheme"in H,get:H=>H.lightTheme,set:(H,Z)=>{H.lightTheme=Z}},metadata:j},O,$),ae(null,t={value:e},i,{kind:"class",name:e.name,metadata:j},null,s),F=e=t.value,j&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:j})}static styles=N`
		:host {
			display: inline-flex;
			align-items: center;
			font-size: 16px;
			text-underline-offset: 1px;
			margin-right: 0.25rem;
		}

		:host .discord-author-username {
			color: #fff;
			font-size: 1em;
			font-weight: 500;
		}

		:host .discord-author-username:hover {
			text-decoration: underline;
			cursor: pointer;
		}

		:host([light-theme]) .discord-author-username {
			color: #23262a;
		}

		:host .discord-clan-tag {
			background-color: oklab(0.431937 0.00109309 -0.0132537 / 0.54);
			color: #fff;
			font-size: 12px;
			font-weight: 500;
			margin-left: 0.25rem;
			border-radius: 4px;
			line-height: 100%;
			text-transform: uppercase;
			display: inline-flex;
			width: max-content;
			gap: 0.25rem;
			justify-content: space-between;
			align-items: center;
			padding: 0 0.275rem;
			margin-top: 0.075em;
			height: 1.2rem;
			min-width: 45px;
			line-height: 1rem !important;
			transition: background-color 100ms ease-in-out;
			cursor: pointer;
		}

		:host .discord-clan-tag:hover {
			background-color: oklab(0.431937 0.00109309 -0.0132537 / 0.34);
		}

		:host([light-theme]) .discord-clan-tag {
			background-color: hsl(0 calc(1 * 0%) 0.8%/0.09);
			color: #000;
		}

		:host([light-theme]) .discord-clan-tag:hover {
			background-color: hsl(0 calc(1 * 0%) 0.8%/0.03);
		}

		:host([compact-mode]) .discord-clan-tag {
			margin-left: 0rem;
		}

		:host .discord-clan-tag span,
		:host .discord-clan-tag svg,
		:host .discord-clan-tag img {
			user-select: none;
			-webkit-user-select: none;
		}

		:host .discord-application-tag {
			background-color: #5865f2;
			color: #fff;
			font-size: 0.625em;
			border-radius: 3px;
			line-height: 100%;
			text-transform: uppercase;

			/* Use flex layout to ensure both verified icon and "BOT" text are aligned to center */
			display: inline-flex;
			align-items: center;

			/* Styling taken through Inspect Element on Discord client for Windows */
			height: 0.9375rem;
			padding: 0 0.275rem;
			margin-top: 0.075em;
			border-radius: 0.1875rem;
		}

		:host .discord-official-application {
			background-color: #5865f2;
			color: #fff;
			font-size: 0.625em;
			margin-left: 4px;
			border-radius: 3px;
			line-height: 100%;
			text-transform: uppercase;

			/* Use flex layout to ensure both verified icon and "BOT" text are aligned to center */
			display: flex;
			align-items: center;

			/* Styling taken through Inspect Element on Discord client for Windows */
			height: 0.9375rem;
			padding: 0 0.275rem;
			margin-top: 0.075em;
			border-radius: 0.1875rem;
		}

		:host([compact-mode]) .discord-official-application {
			margin-right: 5px;
			margin-left: 0px !important;
		}

		:host .discord-application-tag.discord-application-tag-op {
			background-color: #c9cdfb;
			color: #4752c4;
			border-radius: 0.4rem;
		}

		:host .discord-author-role-icon {
			margin-left: 0.25rem;
			vertical-align: top;
			height: calc(1rem + 4px);
			width: calc(1rem + 4px);
		}

		:host([compact-mode]) .discord-author-username {
			margin-right: 0.25rem;
		}

		:host([compact-mode]) .discord-application-tag {
			padding-left: 10px;
			padding-right: 4px;
			margin-right: 0.25rem;
		}
	`;#e=K(this,a,void 0);get author(){return this.#e}set author(j){this.#e=j}#t=(K(this,n),K(this,d,!1));get bot(){return this.#t}set bot(j){this.#t=j}#i=(K(this,l),K(this,b,!1));get server(){return this.#i}set server(j){this.#i=j}#s=(K(this,p),K(this,m,!1));get officialApp(){return this.#s}set officialApp(j){this.#s=j}#r=(K(this,c),K(this,A,!1));get op(){return this.#r}set op(j){this.#r=j}#a=(K(this,k),K(this,x,void 0));get roleColor(){return this.#a}set roleColor(j){this.#a=j}#o=(K(this,_),K(this,te,void 0));get roleIcon(){return this.#o}set roleIcon(j){this.#o=j}#h=(K(this,ie),K(this,ne,void 0));get roleName(){return this.#h}set roleName(j){this.#h=j}#l=(K(this,ce),K(this,me,void 0));get clanIcon(){return this.#l}set clanIcon(j){this.#l=j}#n=(K(this,fe),K(this,pe,void 0));get clanTag(){return this.#n}set clanTag(j){this.#n=j}#c=(K(this,ue),K(this,ze,!1));get verified(){return this.#c}set verified(j){this.#c=j}#d=(K(this,_e),K(this,ye,!1));get compactMode(){return this.#d}set compactMode(j){this.#d=j}#m=(K(this,Me),K(this,O,!1));get lightTheme(){return this.#m}set lightTheme(j){this.#m=j}render(){let j=bi(this.clanIcon),H=this.clanTag?.slice(0,4);return f`${B(this.compactMode,()=>null,()=>f`<span class="discord-author-username" style="${Ie({color:this.roleColor??void 0})}">${this.author}</span>`)}
		${B(this.roleIcon&&!this.compactMode,()=>f`<img
					class="discord-author-role-icon"
					src=${U(this.roleIcon)}
					height="20"
					width="20"
					alt=${U(this.roleName)}
					draggable="false"
				/>`)}
		${B(this.bot&&!this.server&&!this.officialApp,()=>f`<discord-verified-author-tag .verified=${this.verified}></discord-verified-author-tag>`)}
		${B(this.server&&!this.bot&&!this.officialApp,()=>f`<span class="discord-application-tag">Server</span>`)}
		${B(this.officialApp&&!this.server&&!this.bot,()=>f`<span class="discord-official-application">${Oe()}OFFICIAL</span>`)}
		${B(this.op,()=>f`<span class="discord-application-tag discord-application-tag-op">OP</span>`)}
		${B(this.compactMode,()=>f`<span class="discord-author-username" style="${Ie({color:this.roleColor??void 0})}">${this.author}</span>`)}
		${B(this.clanIcon&&this.clanTag&&this.clanTag?.length>0,()=>f`
				<span class="discord-clan-tag">
					${j==="string"?f`<img srcset=${U(j)} alt=${U(H)} width="12" height="12" draggable="false" />`:j}
					<span>${H}</span>
				</span>
			`)} `}constructor(){super(...arguments),K(this,$)}static{K(e,s)}};return F=e})();var He=he(class extends re{constructor(i){if(super(i),i.type!==oe.ATTRIBUTE||i.name!=="class"||i.strings?.length>2)throw Error("`classMap()` can only be used in the `class` attribute and must be the only part in the attribute.")}render(i){return" "+Object.keys(i).filter(t=>i[t]).join(" ")+" "}update(i,[t]){if(this.st===void 0){this.st=new Set,i.strings!==void 0&&(this.nt=new Set(i.strings.join(" ").split(/\s/).filter(e=>e!=="")));for(let e in t)t[e]&&!this.nt?.has(e)&&this.st.add(e);return this.render(t)}let s=i.element.classList;for(let e of this.st)e in t||(s.remove(e),this.st.delete(e));for(let e in t){let r=!!t[e];r===this.st.has(e)||this.nt?.has(e)||(r?(s.add(e),this.st.add(e)):(s.remove(e),this.st.delete(e)))}return ee}});var et=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},$e=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},J3=(()=>{let i=[L("discord-custom-emoji")],t,s=[],e,r=P,h,a=[],n=[],v,d=[],l=[],o,b=[],p=[],u,m=[],c=[],g,A=[],k=[];var R=class extends r{static{e=this}static{let x=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;h=[y()],v=[y()],o=[y({attribute:!1})],u=[y({type:Boolean,attribute:"embed-emoji"})],g=[y({type:Boolean,attribute:"jumbo"})],et(this,null,h,{kind:"accessor",name:"name",static:!1,private:!1,access:{has:_=>"name"in _,get:_=>_.name,set:(_,D)=>{_.name=D}},metadata:x},a,n),et(this,null,v,{kind:"accessor",name:"url",static:!1,private:!1,access:{has:_=>"url"in _,get:_=>_.url,set:(_,D)=>{_.url=D}},metadata:x},d,l),et(this,null,o,{kind:"accessor",name:"customEmojisMap",static:!1,private:!1,access:{has:_=>"customEmojisMap"in _,get:_=>_.customEmojisMap,set:(_,D)=>{_.customEmojisMap=D}},metadata:x},b,p),et(this,null,u,{kind:"accessor",name:"embedEmoji",static:!1,private:!1,access:{has:_=>"embedEmoji"in _,get:_=>_.embedEmoji,set:(_,D)=>{_.embedEmoji=D}},metadata:x},m,c),et(this,null,g,{kind:"accessor",name:"jumbo",static:!1,private:!1,access:{has:_=>"jumbo"in _,get:_=>_.jumbo,set:(_,D)=>{_.jumbo=D}},metadata:x},A,k),et(null,t={value:e},i,{kind:"class",name:e.name,metadata:x},null,s),R=e=t.value,x&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:x})}static styles=N`
		.discord-custom-emoji {
			display: inline-block;
			cursor: pointer;
		}

		.discord-custom-emoji .discord-custom-emoji-image {
			object-fit: contain;
			width: 1.375rem;
			height: 1.375rem;
			vertical-align: bottom;
		}

		.discord-custom-emoji .discord-custom-jumbo-emoji-image {
			width: 3rem;
			height: 3rem;
			min-height: 3rem;
		}

		.discord-embed-custom-emoji {
			display: inline-block;
		}

		.discord-embed-custom-emoji .discord-embed-custom-emoji-image {
			width: 18px;
			height: 18px;
			vertical-align: bottom;
		}
	`;#e=$e(this,a,void 0);get name(){return this.#e}set name(x){this.#e=x}#t=($e(this,n),$e(this,d,void 0));get url(){return this.#t}set url(x){this.#t=x}#i=($e(this,l),$e(this,b,{}));get customEmojisMap(){return this.#i}set customEmojisMap(x){this.#i=x}#s=($e(this,p),$e(this,m,void 0));get embedEmoji(){return this.#s}set embedEmoji(x){this.#s=x}#r=($e(this,c),$e(this,A,void 0));get jumbo(){return this.#r}set jumbo(x){this.#r=x}willUpdate(){if(!this.url&&this.name){let x=Xe(this.name)??this.customEmojisMap[this.name];x&&(this.url??=x.url??"",this.embedEmoji??=x.embedEmoji??!1)}}render(){let x=`:${this.name}:`;return f`<span
			class=${He({"discord-embed-custom-emoji":this.embedEmoji,"discord-custom-emoji":!this.embedEmoji})}
			><img
				aria-label=${x}
				src=${U(this.url)}
				alt=${x}
				draggable="false"
				class=${He({"discord-embed-custom-emoji-image":this.embedEmoji,"discord-custom-emoji-image":!this.embedEmoji,"discord-custom-jumbo-emoji-image":this.jumbo})}
		/></span> `}constructor(){super(...arguments),$e(this,k)}static{$e(e,s)}};return R=e})();var le=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},Q=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},d8=(()=>{let i=[L("discord-embed")],t,s=[],e,r=P,h,a=[],n=[],v,d=[],l=[],o,b=[],p=[],u,m=[],c=[],g,A=[],k=[],R,x=[],_=[],D,te=[],ie=[],se,ne=[],ce=[],de,me=[],fe=[],ve,pe=[],ue=[],ge,ze=[],_e=[],be,ye=[],Me=[];var xe=class extends r{static{e=this}static{let O=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;h=[y()],v=[y({attribute:"author-name"})],o=[y({attribute:"author-image"})],u=[y({attribute:"author-url"})],g=[y({attribute:"embed-title"})],R=[y({attribute:!1})],D=[y()],se=[y()],de=[y()],ve=[y()],ge=[y()],be=[W({context:J,subscribe:!0}),y({type:Boolean,reflect:!0,attribute:"light-theme"})],le(this,null,h,{kind:"accessor",name:"color",static:!1,private:!1,access:{has:$=>"color"in $,get:$=>$.color,set:($,F)=>{$.color=F}},metadata:O},a,n),le(this,null,v,{kind:"accessor",name:"authorName",static:!1,private:!1,access:{has:$=>"authorName"in $,get:$=>$.authorName,set:($,F)=>{$.authorName=F}},metadata:O},d,l),le(this,null,o,{kind:"accessor",name:"authorImage",static:!1,private:!1,access:{has:$=>"authorImage"in $,get:$=>$.authorImage,set:($,F)=>{$.authorImage=F}},metadata:O},b,p),le(this,null,u,{kind:"accessor",name:"authorUrl",static:!1,private:!1,access:{has:$=>"authorUrl"in $,get:$=>$.authorUrl,set:($,F)=>{$.authorUrl=F}},metadata:O},m,c),le(this,null,g,{kind:"accessor",name:"embedTitle",static:!1,private:!1,access:{has:$=>"embedTitle"in $,get:$=>$.embedTitle,set:($,F)=>{$.embedTitle=F}},metadata:O},A,k),le(this,null,R,{kind:"accessor",name:"embedEmojisMap",static:!1,private:!1,access:{has:$=>"embedEmojisMap"in $,get:$=>$.embedEmojisMap,set:($,F)=>{$.embedEmojisMap=F}},metadata:O},x,_),le(this,null,D,{kind:"accessor",name:"url",static:!1,private:!1,access:{has:$=>"url"in $,get:$=>$.url,set:($,F)=>{$.url=F}},metadata:O},te,ie),le(this,null,se,{kind:"accessor",name:"thumbnail",static:!1,private:!1,access:{has:$=>"thumbnail"in $,get:$=>$.thumbnail,set:($,F)=>{$.thumbnail=F}},metadata:O},ne,ce),le(this,null,de,{kind:"accessor",name:"image",static:!1,private:!1,access:{has:$=>"image"in $,get:$=>$.image,set:($,F)=>{$.image=F}},metadata:O},me,fe),le(this,null,ve,{kind:"accessor",name:"video",static:!1,private:!1,access:{has:$=>"video"in $,get:$=>$.video,set:($,F)=>{$.video=F}},metadata:O},pe,ue),le(this,null,ge,{kind:"accessor",name:"provider",static:!1,private:!1,access:{has:$=>"provider"in $,get:$=>$.provider,set:($,F)=>{$.provider=F}},metadata:O},ze,_e),le(this,null,be,{kind:"accessor",name:"lightTheme",static:!1,private:!1,access:{has:$=>"lightTheme"in $,get:$=>$.lightTheme,set:($,F)=>{$.lightTheme=F}},metadata:O},ye,Me),le(null,t={value:e},i,{kind:"class",name:e.name,metadata:O},null,s),xe=e=t.value,O&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:O})}static styles=N`
		:host {
			color: #dcddde;
			display: flex;
			font-size: 13px;
			line-height: 150%;
			margin-bottom: 8px;
			margin-top: 8px;
		}

		:host([light-theme]) {
			color: #2e3338;
		}

		:host .discord-left-border {
			background-color: #202225;
			border-radius: 4px 0 0 4px;
			flex-shrink: 0;
			width: 4px;
		}

		:host([light-theme]) .discord-left-border {
			background-color: #e3e5e8;
		}

		:host .discord-embed-root {
			display: grid;
			grid-auto-flow: row;
			grid-row-gap: 0.25rem;
			min-height: 0;
			min-width: 0;
			text-indent: 0;
		}

		:host .discord-embed-wrapper {
			background-color: #2f3136;
			max-width: 520px;
			border: 1px solid rgba(46, 48, 54, 0.6);
			border-radius: 0 4px 4px 0;
			justify-self: start;
			align-self: start;
			display: grid;
			box-sizing: border-box;
		}

		:host([light-theme]) .discord-embed-wrapper {
			background-color: rgb(242, 243, 245);
			border-color: rgba(205, 205, 205, 0.3);
		}

		:host .discord-embed-wrapper .discord-embed-grid {
			display: inline-grid;
			grid-template-columns: auto -webkit-min-content;
			grid-template-columns: auto min-content;
			grid-template-columns: auto;
			grid-template-rows: auto;
			padding: 0.5rem 1rem 1rem 0.75rem;
		}

		:host .discord-embed-thumbnail {
			border-radius: 4px;
			flex-shrink: 0;
			grid-column: 2/2;
			grid-row: 1/8;
			justify-self: end;
			margin-left: 16px;
			margin-top: 8px;
			max-height: 80px;
			max-width: 80px;
			object-fit: contain;
			object-position: top center;
		}

		:host .discord-embed-author {
			-webkit-box-align: center;
			align-items: center;
			color: #fff;
			font-size: 14px;
			display: flex;
			font-weight: 600;
			grid-column: 1 / 1;
			margin-top: 8px;
			min-width: 0;
		}

		:host([light-theme]) .discord-embed-author {
			color: #060607;
		}

		:host .discord-embed-author a {
			color: #fff;
			font-weight: 600;
			text-decoration: none;
		}

		:host .discord-embed-author a:hover {
			text-decoration: underline;
		}

		:host([light-theme]) .discord-embed-author a {
			color: #060607;
		}

		:host .discord-embed-author .discord-author-image {
			border-radius: 50%;
			height: 24px;
			margin-right: 8px;
			width: 24px;
		}

		:host .discord-embed-author-block,
		:host .discord-embed-author-block > span {
			max-width: 95%;
		}

		:host .discord-embed-provider {
			font-size: 0.75rem;
			line-height: 1rem;
			font-weight: 400;
			grid-column: 1/1;
			margin-top: 8px;
			unicode-bidi: plaintext;
			text-align: left;
		}

		:host([light-theme]) .discord-embed-provider {
			color: #4f545c;
		}

		:host .discord-embed-title {
			-webkit-box-align: center;
			align-items: center;
			color: #fff;
			display: inline-block;
			font-size: 1rem;
			font-weight: 600;
			grid-column: 1 / 1;
			margin-top: 8px;
			min-width: 0;
		}

		:host([light-theme]) .discord-embed-title {
			color: #060607;
		}

		:host .discord-embed-title a {
			color: #00aff4;
			font-weight: 600;
			text-decoration: none;
		}

		:host .discord-embed-title a:hover {
			text-decoration: underline;
		}

		:host .discord-embed-image {
			border-radius: 4px;
			max-width: 300px;
			max-height: 300px;
		}

		:host .discord-embed-media {
			border-radius: 4px;
			contain: paint;
			display: block;
			grid-column: 1/1;
			margin-top: 16px;
		}

		:host .discord-embed-media.discord-embed-media-video {
			height: 225px;
		}

		:host .discord-embed.media .discord-embed-image {
			overflow: hidden;
			position: relative;
			user-select: text;
		}

		:host .discord-embed-media .discord-embed-video {
			-webkit-box-align: center;
			-webkit-box-pack: center;
			align-items: center;
			border-radius: 0;
			cursor: pointer;
			display: flex;
			height: 100%;
			justify-content: center;
			max-height: 100%;
			width: 100%;

			width: 400px;
			height: 225px;
			left: 0px;
			top: 0px;
		}

		.discord-embed-custom-emoji {
			display: inline-block;
		}

		.discord-embed-custom-emoji .discord-embed-custom-emoji-image {
			width: 18px;
			height: 18px;
			vertical-align: bottom;
		}

		slot[name='footer']::slotted(*) {
			grid-column: 1/3;
			grid-row: auto/auto;
		}
	`;#e=Q(this,a,void 0);get color(){return this.#e}set color(O){this.#e=O}#t=(Q(this,n),Q(this,d,void 0));get authorName(){return this.#t}set authorName(O){this.#t=O}#i=(Q(this,l),Q(this,b,void 0));get authorImage(){return this.#i}set authorImage(O){this.#i=O}#s=(Q(this,p),Q(this,m,void 0));get authorUrl(){return this.#s}set authorUrl(O){this.#s=O}#r=(Q(this,c),Q(this,A,void 0));get embedTitle(){return this.#r}set embedTitle(O){this.#r=O}#a=(Q(this,k),Q(this,x,{}));get embedEmojisMap(){return this.#a}set embedEmojisMap(O){this.#a=O}#o=(Q(this,_),Q(this,te,void 0));get url(){return this.#o}set url(O){this.#o=O}#h=(Q(this,ie),Q(this,ne,void 0));get thumbnail(){return this.#h}set thumbnail(O){this.#h=O}#l=(Q(this,ce),Q(this,me,void 0));get image(){return this.#l}set image(O){this.#l=O}#n=(Q(this,fe),Q(this,pe,void 0));get video(){return this.#n}set video(O){this.#n=O}#c=(Q(this,ue),Q(this,ze,void 0));get provider(){return this.#c}set provider(O){this.#c=O}#d=(Q(this,_e),Q(this,ye,!1));get lightTheme(){return this.#d}set lightTheme(O){this.#d=O}render(){let O=this.parseTitle(this.authorName),$=this.parseTitle(this.embedTitle);return f`<div style=${Ie({"background-color":this.color})} class="discord-left-border"></div>
			<div class="discord-embed-root">
				<div class="discord-embed-wrapper">
					<div class="discord-embed-grid">
						${B(this.provider,()=>f`<div class="discord-embed-provider">${this.provider}</div>`)}
						${B(O,()=>f`<div class="discord-embed-author">
									${B(this.authorImage,()=>f`<img src=${U(this.authorImage)} alt="" class="discord-author-image" />`)}
									${B(this.authorUrl,()=>f`<a
												href=${U(this.authorUrl)}
												target="_blank"
												rel="noopener noreferrer"
												class="discord-embed-author-block"
											>
												<span class="discord-embed-author-block">${O}</span>
											</a>`,()=>f`<span class="discord-embed-author-block">${O}</span>`)}
								</div>`)}
						${B($,()=>f`<div class="discord-embed-title">
									${this.url?f`<a href="${this.url}" target="_blank" rel="noopener noreferrer"> ${$} </a>`:f`${$}`}
								</div>`)}
						<slot name="description"></slot>
						<slot name="fields"></slot>
						${B(this.image||this.video,()=>f`<div class=${He({"discord-embed-media":!0,"discord-embed-media-video":!!this.video})}>
									${this.renderMedia()}
								</div>`)}
						${B(this.thumbnail,()=>f`<img src=${U(this.thumbnail)} alt="" class="discord-embed-thumbnail" />`)}
						<slot name="footer"></slot>
					</div>
				</div>
			</div>`}renderMedia(){return this.video?f`
				<video
					controls
					muted
					preload="none"
					poster=${U(this.image)}
					src=${U(this.video)}
					height="225"
					width="400"
					class="discord-embed-video"
				>
					<img src=${U(this.image)} alt="Discord embed media" class="discord-embed-image" />
				</video>
			`:this.image?f`<img src=${U(this.image)} alt="Discord embed media" class="discord-embed-image" />`:null}parseTitle(O){if(!O)return null;let $=[],F="";for(let j of O.split(`
`)){for(let H of j.split(" ")){let Z=Xe(H)??this.embedEmojisMap[H]??{};Z.name?$.push(f`<discord-custom-emoji name=${Z.name} url=${U(Z.url)} embed-emoji></discord-custom-emoji>`):F+=`${H} `,F===" "&&$.push(f`<br />`)}$.push(F),F=""}return $.map(j=>typeof j=="string"?f`<span>${j}</span>`:j)}constructor(){super(...arguments),Q(this,Me)}static{Q(e,s)}};return xe=e})();var Ur=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},Fr=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},u8=(()=>{let i=[L("discord-embed-description")],t,s=[],e,r=P;var h=class extends r{static{e=this}static{let a=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;Ur(null,t={value:e},i,{kind:"class",name:e.name,metadata:a},null,s),h=e=t.value,a&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:a})}static styles=N`
		:host {
			font-size: 0.875rem;
			font-weight: 400;
			grid-column: 1/1;
			line-height: 1.125rem;
			margin-top: 8px;
			min-width: 0;
		}
	`;render(){return f`<slot></slot>`}static{Fr(e,s)}};return h=e})();var tt=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},ke=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},k8=(()=>{let i=[L("discord-embed-field")],t,s=[],e,r=P,h,a=[],n=[],v,d=[],l=[],o,b=[],p=[],u,m=[],c=[],g,A=[],k=[];var R=class extends r{static{e=this}static{let x=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;h=[y({reflect:!0,attribute:"field-title"})],v=[y({attribute:!1})],o=[y({type:Boolean,reflect:!0,attribute:"inline"})],u=[y({type:Number,reflect:!0,attribute:"inline-index"})],g=[W({context:J,subscribe:!0}),y({type:Boolean,reflect:!0,attribute:"light-theme"})],tt(this,null,h,{kind:"accessor",name:"fieldTitle",static:!1,private:!1,access:{has:_=>"fieldTitle"in _,get:_=>_.fieldTitle,set:(_,D)=>{_.fieldTitle=D}},metadata:x},a,n),tt(this,null,v,{kind:"accessor",name:"embedFieldEmojisMap",static:!1,private:!1,access:{has:_=>"embedFieldEmojisMap"in _,get:_=>_.embedFieldEmojisMap,set:(_,D)=>{_.embedFieldEmojisMap=D}},metadata:x},d,l),tt(this,null,o,{kind:"accessor",name:"inline",static:!1,private:!1,access:{has:_=>"inline"in _,get:_=>_.inline,set:(_,D)=>{_.inline=D}},metadata:x},b,p),tt(this,null,u,{kind:"accessor",name:"inlineIndex",static:!1,private:!1,access:{has:_=>"inlineIndex"in _,get:_=>_.inlineIndex,set:(_,D)=>{_.inlineIndex=D}},metadata:x},m,c),tt(this,null,g,{kind:"accessor",name:"lightTheme",static:!1,private:!1,access:{has:_=>"lightTheme"in _,get:_=>_.lightTheme,set:(_,D)=>{_.lightTheme=D}},metadata:x},A,k),tt(null,t={value:e},i,{kind:"class",name:e.name,metadata:x},null,s),R=e=t.value,x&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:x})}static styles=N`
		:host {
			font-size: 0.875rem;
			line-height: 1.125rem;
			min-width: 0;
			font-weight: 400;
			grid-column: 1/13;
			word-break: break-word;
		}

		:host .discord-field-title {
			color: #ffffff;
			font-weight: 600;
			font-size: 0.875rem;
			line-height: 1.125rem;
			min-width: 0;
			margin-bottom: 2px;
		}

		:host .discord-inline-field {
			flex-grow: 1;
			flex-basis: auto;
			min-width: 150px;
		}

		:host([light-theme]) .discord-field-title {
			color: #313338;
		}
	`;#e=ke(this,a,void 0);get fieldTitle(){return this.#e}set fieldTitle(x){this.#e=x}#t=(ke(this,n),ke(this,d,{}));get embedFieldEmojisMap(){return this.#t}set embedFieldEmojisMap(x){this.#t=x}#i=(ke(this,l),ke(this,b,!1));get inline(){return this.#i}set inline(x){this.#i=x}#s=(ke(this,p),ke(this,m,void 0));get inlineIndex(){return this.#s}set inlineIndex(x){this.#s=x}#r=(ke(this,c),ke(this,A,!1));get lightTheme(){return this.#r}set lightTheme(x){this.#r=x}validInlineIndices=(ke(this,k),new Set([1,2,3]));checkInlineIndex(){if(this.inlineIndex){let x=Number(this.inlineIndex);if(!Number.isNaN(x)&&!this.validInlineIndices.has(x))throw new RangeError("DiscordEmbedField `inlineIndex` prop must be one of: 1, 2, or 3")}}render(){this.checkInlineIndex();let x=this.parseTitle(this.fieldTitle),_=B(x,()=>f`<div class="discord-field-title">${[...x]}</div>`);return f`${_}<slot></slot>`}parseTitle(x){if(!x)return null;let _=[],D="";for(let te of x.split(`
`)){for(let ie of te.split(" ")){let se=Xe(ie)??this.embedFieldEmojisMap[ie]??{};se.name?_.push(f`<discord-custom-emoji name=${se.name} url=${U(se.url)} embed-emoji></discord-custom-emoji>`):D+=`${ie} `,D===" "&&_.push(f`<br />`)}_.push(D),D=""}return _.map(te=>typeof te=="string"?f`<span>${te}</span>`:te)}static{ke(e,s)}};return R=e})();var qr=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},Zr=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},A8=(()=>{let i=[L("discord-embed-fields")],t,s=[],e,r=P;var h=class extends r{static{e=this}static{let a=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;qr(null,t={value:e},i,{kind:"class",name:e.name,metadata:a},null,s),h=e=t.value,a&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:a})}static styles=N`
		:host {
			display: grid;
			grid-column: 1/1;
			margin-top: 8px;
			grid-gap: 8px;
		}

		::slotted([inline-index='1']) {
			grid-column: 1/5 !important;
		}

		::slotted([inline-index='2']) {
			grid-column: 5/9 !important;
		}

		::slotted([inline-index='3']) {
			grid-column: 9/13 !important;
		}
	`;render(){return f`<slot></slot>`}static{Zr(e,s)}};return h=e})();var At=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},Ae=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},R8=(()=>{let i=[L("discord-embed-footer")],t,s=[],e,r=P,h,a=[],n=[],v,d=[],l=[],o,b=[],p=[],u,m=[],c=[];var g=class extends r{static{e=this}static{let A=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;h=[y({attribute:"footer-image"})],v=[y({attribute:"footer-image-alt"})],o=[y({type:String,reflect:!0,converter:k=>Je(k),attribute:!0})],u=[W({context:J,subscribe:!0}),y({type:Boolean,reflect:!0,attribute:"light-theme"})],At(this,null,h,{kind:"accessor",name:"footerImage",static:!1,private:!1,access:{has:k=>"footerImage"in k,get:k=>k.footerImage,set:(k,R)=>{k.footerImage=R}},metadata:A},a,n),At(this,null,v,{kind:"accessor",name:"footerImageAlt",static:!1,private:!1,access:{has:k=>"footerImageAlt"in k,get:k=>k.footerImageAlt,set:(k,R)=>{k.footerImageAlt=R}},metadata:A},d,l),At(this,null,o,{kind:"accessor",name:"timestamp",static:!1,private:!1,access:{has:k=>"timestamp"in k,get:k=>k.timestamp,set:(k,R)=>{k.timestamp=R}},metadata:A},b,p),At(this,null,u,{kind:"accessor",name:"lightTheme",static:!1,private:!1,access:{has:k=>"lightTheme"in k,get:k=>k.lightTheme,set:(k,R)=>{k.lightTheme=R}},metadata:A},m,c),At(null,t={value:e},i,{kind:"class",name:e.name,metadata:A},null,s),g=e=t.value,A&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:A})}static styles=N`
		:host {
			-webkit-box-align: center;
			align-items: center;
			display: flex;
			font-size: 12px;
			line-height: 16px;
			font-weight: 500;
			margin-top: 8px;
		}

		:host([light-theme]) {
			color: #747f8d;
		}

		:host .discord-footer-image {
			border-radius: 50%;
			flex-shrink: 0;
			height: 20px;
			margin-right: 8px;
			width: 20px;
		}

		:host .discord-footer-separator {
			color: #dcddde;
			font-weight: 500;
			display: inline-block;
			margin: 0 4px;
		}

		:host([light-theme]) .discord-footer-separator {
			color: #5c5e66;
		}
	`;#e=Ae(this,a,void 0);get footerImage(){return this.#e}set footerImage(A){this.#e=A}#t=(Ae(this,n),Ae(this,d,void 0));get footerImageAlt(){return this.#t}set footerImageAlt(A){this.#t=A}#i=(Ae(this,l),Ae(this,b,void 0));get timestamp(){return this.#i}set timestamp(A){this.#i=A}#s=(Ae(this,p),Ae(this,m,!1));get lightTheme(){return this.#s}set lightTheme(A){this.#s=A}updateTimestamp(A){A&&!Number.isNaN(new Date(A).getTime())&&(this.timestamp=Je(A))}render(){return this.updateTimestamp(this.timestamp),f`${B(this.footerImage,()=>f`<img src=${U(this.footerImage)} alt=${U(this.footerImageAlt)} class="discord-footer-image" />`)}
			<slot></slot>
			${B(this.timestamp,()=>f`<span class="discord-footer-separator">&bull;</span>`)}
			${B(this.timestamp,()=>` ${this.timestamp}`,()=>null)}`}constructor(){super(...arguments),Ae(this,c)}static{Ae(e,s)}};return g=e})();var yi=(i,t,s)=>{for(let e of t)if(e[0]===i)return(0,e[1])();return s?.()};var Ds=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},Li=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},Y8=(()=>{let i=[L("discord-header")],t,s=[],e,r=P,h,a=[],n=[];var v=class extends r{static{e=this}static{let d=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;h=[y({type:Number,reflect:!0})],Ds(this,null,h,{kind:"accessor",name:"level",static:!1,private:!1,access:{has:l=>"level"in l,get:l=>l.level,set:(l,o)=>{l.level=o}},metadata:d},a,n),Ds(null,t={value:e},i,{kind:"class",name:e.name,metadata:d},null,s),v=e=t.value,d&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:d})}static styles=N`
		:host > * {
			margin: 16px 0 8px;
			font-weight: 700;
			line-height: 1.375em;
		}

		:host([level='1']) > h1 {
			font-size: 1.5rem;
		}

		:host([level='2']) > h2 {
			font-size: 1.25rem;
		}

		:host([level='3']) > h3 {
			font-size: 1rem;
		}

		:host([level='1']):first-child() > h1,
		:host([level='2']):first-child() > h2 {
			margin-top: 8px;
		}

		:host([level='3']):first-child() > h3 {
			margin-top: 4px;
		}
	`;#e=Li(this,a,1);get level(){return this.#e}set level(d){this.#e=d}ensureLevelIsNumber(){this.level&&!Number.isNaN(this.level)&&(this.level=Number(this.level))}checkLevel(){if(this.level<1||this.level>3)throw new RangeError("The level property must be a number between 1 and 3 (inclusive)")}render(){return this.ensureLevelIsNumber(),this.checkLevel(),yi(this.level,[[1,()=>f`<h1><slot></slot></h1>`],[2,()=>f`<h2><slot></slot></h2>`],[3,()=>f`<h3><slot></slot></h3>`]],()=>f`<slot></slot>`)}constructor(){super(...arguments),Li(this,n)}static{Li(e,s)}};return v=e})();var it=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},Te=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},hn=(()=>{let i=[L("discord-link")],t,s=[],e,r=P,h,a=[],n=[],v,d=[],l=[],o,b=[],p=[],u,m=[],c=[],g,A=[],k=[];var R=class extends r{static{e=this}static{let x=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;h=[W({context:J,subscribe:!0}),y({type:Boolean,reflect:!0,attribute:"light-theme"})],v=[y()],o=[y()],u=[y()],g=[y()],it(this,null,h,{kind:"accessor",name:"lightTheme",static:!1,private:!1,access:{has:_=>"lightTheme"in _,get:_=>_.lightTheme,set:(_,D)=>{_.lightTheme=D}},metadata:x},a,n),it(this,null,v,{kind:"accessor",name:"href",static:!1,private:!1,access:{has:_=>"href"in _,get:_=>_.href,set:(_,D)=>{_.href=D}},metadata:x},d,l),it(this,null,o,{kind:"accessor",name:"rel",static:!1,private:!1,access:{has:_=>"rel"in _,get:_=>_.rel,set:(_,D)=>{_.rel=D}},metadata:x},b,p),it(this,null,u,{kind:"accessor",name:"target",static:!1,private:!1,access:{has:_=>"target"in _,get:_=>_.target,set:(_,D)=>{_.target=D}},metadata:x},m,c),it(this,null,g,{kind:"accessor",name:"type",static:!1,private:!1,access:{has:_=>"type"in _,get:_=>_.type,set:(_,D)=>{_.type=D}},metadata:x},A,k),it(null,t={value:e},i,{kind:"class",name:e.name,metadata:x},null,s),R=e=t.value,x&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:x})}static styles=N`
		a {
			color: #00aff4;
			text-decoration: none;
		}

		a:hover {
			text-decoration: underline;
		}

		.discord-link-light-theme a {
			color: #00b0f4;
		}
	`;#e=Te(this,a,!1);get lightTheme(){return this.#e}set lightTheme(x){this.#e=x}#t=(Te(this,n),Te(this,d,void 0));get href(){return this.#t}set href(x){this.#t=x}#i=(Te(this,l),Te(this,b,void 0));get rel(){return this.#i}set rel(x){this.#i=x}#s=(Te(this,p),Te(this,m,void 0));get target(){return this.#s}set target(x){this.#s=x}#r=(Te(this,c),Te(this,A,void 0));get type(){return this.#r}set type(x){this.#r=x}render(){return f`<a
			href=${U(this.href)}
			rel=${U(this.rel)}
			target=${U(this.target)}
			type=${U(this.type)}
			class=${He({"discord-link-light-theme":this.lightTheme})}
			><slot></slot
		></a>`}constructor(){super(...arguments),Te(this,k)}static{Te(e,s)}};return R=e})();function Wr(i){return i.startsWith("#")?i.slice(1):i}function Gr(i){let t=i.length===3||i.length===4,s=t?`${i.slice(0,1)}${i.slice(0,1)}`:i.slice(0,2),e=t?`${i.slice(1,2)}${i.slice(1,2)}`:i.slice(2,4),r=t?`${i.slice(2,3)}${i.slice(2,3)}`:i.slice(4,6),h=(t?`${i.slice(3,4)}${i.slice(3,4)}`:i.slice(6,8))||"ff";return{r:s,g:e,b:r,a:h}}function Mi(i){return Number.parseInt(i,16)}function Kr({r:i,g:t,b:s,a:e}){return{r:Mi(i),g:Mi(t),b:Mi(s),a:Number((Mi(e)/255).toFixed(2))}}function Qr(i){return typeof i=="number"||typeof i=="string"&&Number.isFinite(Number(i))}function Yr(i,t){let{r:s,g:e,b:r,a:h}=i,a=Qr(t)?t:h;return`rgba(${s}, ${e}, ${r}, ${a})`}function xi(i,t){let s=Wr(i),e=Gr(s),r=Kr(e);return Yr(r,t)}var Jr=C`
	<path
		fill-rule="evenodd"
		clip-rule="evenodd"
		fill="currentColor"
		d="M18.5 23c.88 0 1.7-.25 2.4-.69l1.4 1.4a1 1 0 0 0 1.4-1.42l-1.39-1.4A4.5 4.5 0 1 0 18.5 23Zm0-2a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z"
	/>
	<path
		fill="currentColor"
		d="M3 3a1 1 0 0 0 0 2h18a1 1 0 1 0 0-2H3ZM2 8a1 1 0 0 1 1-1h18a1 1 0 1 1 0 2H3a1 1 0 0 1-1-1ZM3 11a1 1 0 1 0 0 2h11a1 1 0 1 0 0-2H3ZM2 16a1 1 0 0 1 1-1h8a1 1 0 1 1 0 2H3a1 1 0 0 1-1-1ZM3 19a1 1 0 1 0 0 2h8a1 1 0 1 0 0-2H3Z"
	/>
`;function Ri(i={}){return f`<svg
		${E(i)}
		class="discord-mention-icon"
		aria-label="Browse Channels"
		aria-hidden="false"
		role="img"
		width="24"
		height="24"
		viewBox="0 0 24 24"
		xmlns="http://www.w3.org/2000/svg"
	>
		${Jr}
	</svg>`}var Xr=C`
	<path
		fill="currentColor"
		d="M21.487 5.126L12.487 0.126C12.184 -0.042 11.818 -0.042 11.515 0.126L2.51498 5.126C2.19798 5.302 2.00098 5.636 2.00098 5.999C2.00098 6.693 2.11498 22.999 12.001 22.999C21.887 22.999 22.001 6.693 22.001 5.999C22.001 5.636 21.804 5.302 21.487 5.126ZM12.001 5.999C13.382 5.999 14.501 7.118 14.501 8.499C14.501 9.88 13.382 10.999 12.001 10.999C10.62 10.999 9.50098 9.88 9.50098 8.499C9.50098 7.118 10.62 5.999 12.001 5.999ZM8.25098 16C8.25098 13.699 9.69998 12.25 12.001 12.25C14.302 12.25 15.751 13.699 15.751 16H8.25098Z"
	/>
`;function Ui(i={}){return f`<svg
		${E(i)}
		class="discord-mention-icon"
		aria-label="Customise Community"
		aria-hidden="false"
		role="img"
		width="24"
		height="24"
		viewBox="0 0 24 24"
		xmlns="http://www.w3.org/2000/svg"
	>
		${Xr}
	</svg>`}var ea=C`
	<path
		d="M11 3a1 1 0 1 1 2 0v2h5.75c.16 0 .3.07.4.2l2.63 3.5a.5.5 0 0 1 0 .6l-2.63 3.5a.5.5 0 0 1-.4.2H13v5h2a2 2 0 0 1 2 2v1a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1v-1c0-1.1.9-2 2-2h2v-5H2.8a.5.5 0 0 1-.44-.72L3.9 9.22a.5.5 0 0 0 0-.44L2.36 5.72A.5.5 0 0 1 2.81 5H11V3Z"
		fill="currentColor"
	/>
`;function Fi(i={}){return f`<svg
		${E(i)}
		class="discord-mention-icon"
		aria-label="Server Guide"
		aria-hidden="false"
		role="img"
		width="24"
		height="24"
		viewBox="0 0 24 24"
		xmlns="http://www.w3.org/2000/svg"
	>
		${ea}
	</svg>`}var jt=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},je=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},Sn=(()=>{let i=[L("discord-mention")],t,s=[],e,r=P,h,a=[],n=[],v,d=[],l=[],o,b=[],p=[],u,m=[],c=[];var g=class extends r{static{e=this}static{let A=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;h=[y({type:Boolean,reflect:!0})],v=[y({reflect:!0})],o=[y({reflect:!0})],u=[W({context:J,subscribe:!0}),y({type:Boolean,reflect:!0,attribute:"light-theme"})],jt(this,null,h,{kind:"accessor",name:"highlight",static:!1,private:!1,access:{has:k=>"highlight"in k,get:k=>k.highlight,set:(k,R)=>{k.highlight=R}},metadata:A},a,n),jt(this,null,v,{kind:"accessor",name:"type",static:!1,private:!1,access:{has:k=>"type"in k,get:k=>k.type,set:(k,R)=>{k.type=R}},metadata:A},d,l),jt(this,null,o,{kind:"accessor",name:"color",static:!1,private:!1,access:{has:k=>"color"in k,get:k=>k.color,set:(k,R)=>{k.color=R}},metadata:A},b,p),jt(this,null,u,{kind:"accessor",name:"lightTheme",static:!1,private:!1,access:{has:k=>"lightTheme"in k,get:k=>k.lightTheme,set:(k,R)=>{k.lightTheme=R}},metadata:A},m,c),jt(null,t={value:e},i,{kind:"class",name:e.name,metadata:A},null,s),g=e=t.value,A&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:A})}static styles=N`
		:host {
			color: #e3e7f8;
			background-color: hsla(235, 85.6%, 64.7%, 0.3);
			font-weight: 500;
			padding: 0 2px;
			border-radius: 3px;
			unicode-bidi: -moz-plaintext;
			unicode-bidi: plaintext;
			-webkit-transition:
				background-color 50ms ease-out,
				color 50ms ease-out;
			transition:
				background-color 50ms ease-out,
				color 50ms ease-out;
			cursor: pointer;
		}

		:host([type='role']) {
			background-color: rgba(#e3e7f8, 0.1);
		}

		:host([type='channel']) {
			position: relative;
		}

		:host([type='voice']),
		:host([type='locked']),
		:host([type='thread']),
		:host([type='forum']) {
			position: relative;
		}

		:host(:hover) {
			color: #fff;
			background-color: hsl(235, 85.6%, 64.7%);
		}

		:host([highlight][type='user']:hover) {
			text-decoration: underline;
			text-underline-offset: 1px;
		}

		:host([light-theme]) {
			color: #5865f2;
			background-color: hsla(235, 85.6%, 64.7%, 0.15);
		}

		:host([light-theme]:hover) {
			color: #ffffff;
			background-color: hsl(235, 85.6%, 64.7%);
		}

		.discord-mention-icon {
			width: 1rem;
			height: 1rem;
			margin-right: 4px;
			vertical-align: middle;
			margin-bottom: 0.2rem;
		}

		.no-wrap {
			white-space: nowrap;
		}
	`;#e=je(this,a,!1);get highlight(){return this.#e}set highlight(A){this.#e=A}#t=(je(this,n),je(this,d,"user"));get type(){return this.#t}set type(A){this.#t=A}#i=(je(this,l),je(this,b,void 0));get color(){return this.#i}set color(A){this.#i=A}setHoverColor=(je(this,p),()=>{this.color&&(this.style.backgroundColor=xi(this.color,.3))});resetHoverColor=()=>{this.color&&(this.style.backgroundColor=xi(this.color,.1))};#s=je(this,m,!1);get lightTheme(){return this.#s}set lightTheme(A){this.#s=A}connectedCallback(){super.connectedCallback(),this.color&&this.type==="role"&&(this.addEventListener("mouseover",this.setHoverColor),this.addEventListener("mouseout",this.resetHoverColor))}disconnectedCallback(){this.removeEventListener("mouseover",this.setHoverColor),this.removeEventListener("mouseout",this.resetHoverColor),super.disconnectedCallback()}willUpdate(){this.color&&(this.style.color=this.color,this.type==="role"&&(this.style.backgroundColor=xi(this.color,.1)))}render(){return f`<span class="no-wrap"
				>${yi(this.type,[["channel",()=>kt()],["user",()=>f`@`],["role",()=>f`@`],["voice",()=>Et()],["locked",()=>Ct()],["thread",()=>Tt()],["forum",()=>$t()],["server-guide",()=>Fi()],["channels-and-roles",()=>Ri()],["customize-community",()=>Ui()],["slash",()=>f`/`]])}</span
			><slot></slot>`}constructor(){super(...arguments),je(this,c)}static{je(e,s)}};return g=e})();var ta=C`
 	<path 
		fill="currentColor" 
 		d="M15.56 11.77c.2-.1.44.02.44.23a4 4 0 1 1-4-4c.21 0 .33.25.23.44a2.5 2.5 0 0 0 3.32 3.32Z"
 	/>
  	<path 
		fill="currentColor" 
  		fill-rule="evenodd" 
  		d="M22.89 11.7q.105.3 0 .6C22.27 13.9 19.1 21 12 21c-7.11 0-10.27-7.11-10.89-8.7a.83.83 0 0 1 0-.6C1.73 10.1 4.9 3 12 3c7.11 0 10.27 7.11 10.89 8.7m-4.5-3.62A15.1 15.1 0 0 1 20.85 12c-.38.88-1.18 2.47-2.46 3.92C16.87 17.62 14.8 19 12 19s-4.87-1.38-6.39-3.08A15.1 15.1 0 0 1 3.15 12c.38-.88 1.18-2.47 2.46-3.92C7.13 6.38 9.2 5 12 5s4.87 1.38 6.39 3.08" 
  		clip-rule="evenodd"
  	/>
`;function qi(i={}){return f`<svg
		${E(i)}
		class="discord-message-ephemeral-icon"
		aria-hidden="false"
		width="16"
		height="16"
		viewBox="0 0 24 24"
		xmlns="http://www.w3.org/2000/svg"
	>
		${ta}
	</svg>`}var Y=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},I=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},Yn=(()=>{let i=[L("discord-message")],t,s=[],e,r=P,h,a=[],n=[],v,d=[],l=[],o,b=[],p=[],u,m=[],c=[],g,A=[],k=[],R,x=[],_=[],D,te=[],ie=[],se,ne=[],ce=[],de,me=[],fe=[],ve,pe=[],ue=[],ge,ze=[],_e=[],be,ye=[],Me=[],xe,O=[],$=[],F,j=[],H=[],Z,st=[],rt=[],at,ot=[],ht=[],lt,nt=[],ct=[],dt,mt=[],ft=[],vt,V=[],M=[],S,qe=[],pt=[],Dt,Ji=[],Xi=[],es,ts=[],is=[],ss,rs=[],as=[],os,hs=[],ls=[];var ns=class extends r{static{e=this}static{let w=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;h=[y()],v=[y()],o=[y()],u=[y({type:Boolean})],g=[y({type:Boolean})],R=[y({type:Boolean,attribute:"official-app"})],D=[y({type:Boolean})],se=[y({type:Boolean})],de=[y({type:Boolean})],ve=[y({attribute:"role-color"})],ge=[y({attribute:"role-icon"})],be=[y({attribute:"role-name"})],xe=[y({attribute:"clan-icon"})],F=[y({attribute:"clan-tag"})],Z=[y({type:Boolean,reflect:!0})],at=[y({type:Boolean,reflect:!0})],lt=[y({type:String,converter:z=>Je(z,!1,!1),attribute:!0})],dt=[y({type:Boolean,attribute:"twenty-four"})],vt=[y({type:Boolean,attribute:"message-body-only"})],S=[W({context:J}),y({type:Boolean,reflect:!0,attribute:"light-theme"})],Dt=[W({context:Ve}),y({type:Boolean,reflect:!0,attribute:"compact-mode"})],es=[W({context:Pi}),y({type:Boolean,reflect:!0,attribute:"no-background"})],ss=[y({type:Boolean,reflect:!0,attribute:"has-thread"})],os=[y({reflect:!1,attribute:"dismiss-message-clicked"})],Y(this,null,h,{kind:"accessor",name:"profile",static:!1,private:!1,access:{has:z=>"profile"in z,get:z=>z.profile,set:(z,T)=>{z.profile=T}},metadata:w},a,n),Y(this,null,v,{kind:"accessor",name:"author",static:!1,private:!1,access:{has:z=>"author"in z,get:z=>z.author,set:(z,T)=>{z.author=T}},metadata:w},d,l),Y(this,null,o,{kind:"accessor",name:"avatar",static:!1,private:!1,access:{has:z=>"avatar"in z,get:z=>z.avatar,set:(z,T)=>{z.avatar=T}},metadata:w},b,p),Y(this,null,u,{kind:"accessor",name:"bot",static:!1,private:!1,access:{has:z=>"bot"in z,get:z=>z.bot,set:(z,T)=>{z.bot=T}},metadata:w},m,c),Y(this,null,g,{kind:"accessor",name:"server",static:!1,private:!1,access:{has:z=>"server"in z,get:z=>z.server,set:(z,T)=>{z.server=T}},metadata:w},A,k),Y(this,null,R,{kind:"accessor",name:"officialApp",static:!1,private:!1,access:{has:z=>"officialApp"in z,get:z=>z.officialApp,set:(z,T)=>{z.officialApp=T}},metadata:w},x,_),Y(this,null,D,{kind:"accessor",name:"verified",static:!1,private:!1,access:{has:z=>"verified"in z,get:z=>z.verified,set:(z,T)=>{z.verified=T}},metadata:w},te,ie),Y(this,null,se,{kind:"accessor",name:"op",static:!1,private:!1,access:{has:z=>"op"in z,get:z=>z.op,set:(z,T)=>{z.op=T}},metadata:w},ne,ce),Y(this,null,de,{kind:"accessor",name:"edited",static:!1,private:!1,access:{has:z=>"edited"in z,get:z=>z.edited,set:(z,T)=>{z.edited=T}},metadata:w},me,fe),Y(this,null,ve,{kind:"accessor",name:"roleColor",static:!1,private:!1,access:{has:z=>"roleColor"in z,get:z=>z.roleColor,set:(z,T)=>{z.roleColor=T}},metadata:w},pe,ue),Y(this,null,ge,{kind:"accessor",name:"roleIcon",static:!1,private:!1,access:{has:z=>"roleIcon"in z,get:z=>z.roleIcon,set:(z,T)=>{z.roleIcon=T}},metadata:w},ze,_e),Y(this,null,be,{kind:"accessor",name:"roleName",static:!1,private:!1,access:{has:z=>"roleName"in z,get:z=>z.roleName,set:(z,T)=>{z.roleName=T}},metadata:w},ye,Me),Y(this,null,xe,{kind:"accessor",name:"clanIcon",static:!1,private:!1,access:{has:z=>"clanIcon"in z,get:z=>z.clanIcon,set:(z,T)=>{z.clanIcon=T}},metadata:w},O,$),Y(this,null,F,{kind:"accessor",name:"clanTag",static:!1,private:!1,access:{has:z=>"clanTag"in z,get:z=>z.clanTag,set:(z,T)=>{z.clanTag=T}},metadata:w},j,H),Y(this,null,Z,{kind:"accessor",name:"highlight",static:!1,private:!1,access:{has:z=>"highlight"in z,get:z=>z.highlight,set:(z,T)=>{z.highlight=T}},metadata:w},st,rt),Y(this,null,at,{kind:"accessor",name:"ephemeral",static:!1,private:!1,access:{has:z=>"ephemeral"in z,get:z=>z.ephemeral,set:(z,T)=>{z.ephemeral=T}},metadata:w},ot,ht),Y(this,null,lt,{kind:"accessor",name:"timestamp",static:!1,private:!1,access:{has:z=>"timestamp"in z,get:z=>z.timestamp,set:(z,T)=>{z.timestamp=T}},metadata:w},nt,ct),Y(this,null,dt,{kind:"accessor",name:"twentyFour",static:!1,private:!1,access:{has:z=>"twentyFour"in z,get:z=>z.twentyFour,set:(z,T)=>{z.twentyFour=T}},metadata:w},mt,ft),Y(this,null,vt,{kind:"accessor",name:"messageBodyOnly",static:!1,private:!1,access:{has:z=>"messageBodyOnly"in z,get:z=>z.messageBodyOnly,set:(z,T)=>{z.messageBodyOnly=T}},metadata:w},V,M),Y(this,null,S,{kind:"accessor",name:"lightTheme",static:!1,private:!1,access:{has:z=>"lightTheme"in z,get:z=>z.lightTheme,set:(z,T)=>{z.lightTheme=T}},metadata:w},qe,pt),Y(this,null,Dt,{kind:"accessor",name:"compactMode",static:!1,private:!1,access:{has:z=>"compactMode"in z,get:z=>z.compactMode,set:(z,T)=>{z.compactMode=T}},metadata:w},Ji,Xi),Y(this,null,es,{kind:"accessor",name:"noBackground",static:!1,private:!1,access:{has:z=>"noBackground"in z,get:z=>z.noBackground,set:(z,T)=>{z.noBackground=T}},metadata:w},ts,is),Y(this,null,ss,{kind:"accessor",name:"hasThread",static:!1,private:!1,access:{has:z=>"hasThread"in z,get:z=>z.hasThread,set:(z,T)=>{z.hasThread=T}},metadata:w},rs,as),Y(this,null,os,{kind:"accessor",name:"dismissMessageClicked",static:!1,private:!1,access:{has:z=>"dismissMessageClicked"in z,get:z=>z.dismissMessageClicked,set:(z,T)=>{z.dismissMessageClicked=T}},metadata:w},hs,ls),Y(null,t={value:e},i,{kind:"class",name:e.name,metadata:w},null,s),ns=e=t.value,w&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:w})}static styles=N`
		:host {
			color: #dcddde;
			display: flex;
			flex-direction: column;
			font-size: 0.9em;
			font-family: 'gg sans', 'Noto Sans', Whitney, 'Helvetica Neue', Helvetica, Roboto, Arial, sans-serif;

			position: relative;
			word-wrap: break-word;
			-webkit-user-select: text;
			-moz-user-select: text;
			-ms-user-select: text;
			user-select: text;
			-webkit-box-flex: 0;
			-ms-flex: 0 0 auto;
			flex: 0 0 auto;
			min-height: 1.375rem;
			padding-left: 1em;
			padding-right: 48px;
			margin-top: inherit;
			margin-bottom: inherit;
			line-height: 16px;
		}

		.discord-message-inner {
			display: flex;
			position: relative;
			-webkit-box-flex: 0;
			-ms-flex: 0 0 auto;
			flex: 0 0 auto;
		}

		.discord-message-inner-center {
			align-items: center;
		}

		:host([message-body-only]) {
			margin-top: 0px !important;
			padding-top: 0.125rem !important;
			padding-bottom: 0.0625rem !important;
		}

		:host([highlight]),
		:host([ephemeral]) {
			padding-right: 5px;
			position: relative;
		}

		:host([highlight])::before,
		:host([ephemeral])::before {
			content: '';
			position: absolute;
			display: block;
			top: 0;
			left: 0;
			bottom: 0;
			pointer-events: none;
			width: 2px;
		}

		:host([highlight]) {
			background-color: rgba(250, 166, 26, 0.1);
		}

		:host([highlight][light-theme]) {
			background-color: rgba(250, 166, 26, 0.1);
		}

		:host([highlight])::before {
			background-color: #faa61a;
		}

		:host([light-theme][highlight])::before {
			background-color: #af7615;
		}

		:host([ephemeral]) {
			background-color: rgba(88, 101, 242, 0.05);
		}

		:host([ephemeral]:hover) {
			background-color: rgba(88, 101, 242, 0.1);
		}

		:host([ephemeral])::before {
			background-color: #5865f2;
		}

		:host([light-theme]) {
			color: #2e3338;
			border-color: #eceeef;
		}

		.discord-author-avatar {
			margin-right: 16px;
			margin-top: 5px;
			min-width: 40px;
			z-index: 1;
			display: flex;
		}

		.discord-author-avatar img {
			width: 40px;
			height: 40px;
			border-radius: 50%;
			cursor: pointer;
		}

		.discord-message-timestamp {
			color: #72767d;
			font-size: 12px;
			margin-left: 3px;
		}

		.discord-message-body-only-indent {
			width: 56px;
		}

		:host(:hover) .discord-message-timestamp-hover::before {
			content: attr(datetime);
		}

		:host([light-theme]) .discord-message-timestamp {
			color: #747f8d;
		}

		.discord-message-edited {
			color: #72767d;
			font-size: 10px;
		}

		:host([light-theme]) .discord-message-edited {
			color: #99aab5;
		}

		.discord-message-content {
			width: 100%;
			line-height: 160%;
			font-weight: normal;
			padding-top: 2px;
		}

		.discord-message-body {
			font-size: 1rem;
			font-weight: 400;
			word-break: break-word;
			position: relative;
		}

		:host([light-theme]) .discord-message-timestamp,
		:host([compact-mode]) .discord-message:hover .discord-message-timestamp {
			color: #99aab5;
		}

		:host([light-theme][compact-mode]).discord-message-timestamp {
			color: #d1d9de;
		}

		:host([compact-mode]) .discord-message-timestamp {
			display: inline-block;
			width: 3.1rem;
			text-align: right;
			font-size: 0.6875rem;
			line-height: 1.375rem;
			margin-right: 0.375rem;
			margin-left: 0;
			text-indent: 0;
		}

		:host([compact-mode]) .discord-message-body {
			line-height: 1.375rem;
			padding-left: 10px;
			margin-left: -6px;
		}

		:host([compact-mode]) .discord-message-compact-indent {
			padding-left: 10px;
		}

		:host .discord-message-markup {
			font-size: 1rem;
			line-height: 1.375rem;
			word-wrap: break-word;
			user-select: text;
			font-weight: 400;
			display: inline;
		}

		:host(:hover) {
			background-color: hsl(0 calc(1 * 0%) 0.8%/0.03);
		}

		:host([highlight]:hover) {
			background-color: hsl(40 calc(1 * 86.4%) 56.9%/0.08);
		}

		:host([has-thread]):after {
			width: 2rem;
			left: 2.2rem;
			top: 4.8rem;
			border-left: 2px solid #4f545c !important;
			border-bottom: 2px solid #4f545c !important;
			border-bottom-left-radius: 8px !important;
			bottom: 29px;
			content: '';
			position: absolute;
		}

		:host([light-theme][has-Thread]):after {
			border-color: #747f8d !important;
		}

		.discord-message-ephemeral {
			margin-top: 4px;
			font-size: 12px;
			font-weight: 400;
			color: #72767d;
		}

		:host([light-theme]) .discord-message-ephemeral {
			color: #747f8d;
		}

		.discord-message-ephemeral .discord-message-ephemeral-link {
			color: #00aff4;
			font-weight: 500;
			cursor: pointer;
		}

		.discord-message-ephemeral .discord-message-ephemeral-link:hover {
			text-decoration: underline;
		}

		.discord-message-ephemeral .discord-message-ephemeral-icon {
			margin-right: 4px;
			vertical-align: text-bottom;
		}
	`;#e=I(this,a,void 0);get profile(){return this.#e}set profile(w){this.#e=w}#t=(I(this,n),I(this,d,"User"));get author(){return this.#t}set author(w){this.#t=w}#i=(I(this,l),I(this,b,void 0));get avatar(){return this.#i}set avatar(w){this.#i=w}#s=(I(this,p),I(this,m,!1));get bot(){return this.#s}set bot(w){this.#s=w}#r=(I(this,c),I(this,A,!1));get server(){return this.#r}set server(w){this.#r=w}#a=(I(this,k),I(this,x,!1));get officialApp(){return this.#a}set officialApp(w){this.#a=w}#o=(I(this,_),I(this,te,!1));get verified(){return this.#o}set verified(w){this.#o=w}#h=(I(this,ie),I(this,ne,!1));get op(){return this.#h}set op(w){this.#h=w}#l=(I(this,ce),I(this,me,!1));get edited(){return this.#l}set edited(w){this.#l=w}#n=(I(this,fe),I(this,pe,void 0));get roleColor(){return this.#n}set roleColor(w){this.#n=w}#c=(I(this,ue),I(this,ze,void 0));get roleIcon(){return this.#c}set roleIcon(w){this.#c=w}#d=(I(this,_e),I(this,ye,void 0));get roleName(){return this.#d}set roleName(w){this.#d=w}#m=(I(this,Me),I(this,O,void 0));get clanIcon(){return this.#m}set clanIcon(w){this.#m=w}#f=(I(this,$),I(this,j,void 0));get clanTag(){return this.#f}set clanTag(w){this.#f=w}#v=(I(this,H),I(this,st,!1));get highlight(){return this.#v}set highlight(w){this.#v=w}#p=(I(this,rt),I(this,ot,!1));get ephemeral(){return this.#p}set ephemeral(w){this.#p=w}#u=(I(this,ht),I(this,nt,new Date));get timestamp(){return this.#u}set timestamp(w){this.#u=w}#g=(I(this,ct),I(this,mt,!1));get twentyFour(){return this.#g}set twentyFour(w){this.#g=w}#z=(I(this,ft),I(this,V,!1));get messageBodyOnly(){return this.#z}set messageBodyOnly(w){this.#z=w}#_=(I(this,M),I(this,qe,!1));get lightTheme(){return this.#_}set lightTheme(w){this.#_=w}#b=(I(this,pt),I(this,Ji,!1));get compactMode(){return this.#b}set compactMode(w){this.#b=w}#y=(I(this,Xi),I(this,ts,!1));get noBackground(){return this.#y}set noBackground(w){this.#y=w}#M=(I(this,is),I(this,rs,!1));get hasThread(){return this.#M}set hasThread(w){this.#M=w}#x=(I(this,as),I(this,hs,()=>{}));get dismissMessageClicked(){return this.#x}set dismissMessageClicked(w){this.#x=w}willUpdate(){this.hasThread=Array.from(this.children).some(w=>w.tagName.toLowerCase()==="discord-thread"),this.highlight=this.highlight||Array.from(this.children).some(w=>w.tagName.toLowerCase()==="discord-mention"&&w.hasAttribute("highlight")&&(w.type==="user"||w.type==="role"))}handleSpaceToDismissMessage(w){w.code==="Space"&&(w.preventDefault(),w.stopPropagation(),this.dismissMessageClicked?.())}render(){let w={author:this.author,bot:this.bot,officialApp:this.officialApp,verified:this.verified,server:this.server,op:this.op,roleColor:this.roleColor,roleIcon:this.roleIcon,clanIcon:this.clanIcon,clanTag:this.clanTag,roleName:this.roleName},z=this.profile!==void 0&&Reflect.get(_i,this.profile)||{},T={...w,...z,avatar:this.resolveAvatar(z.avatar??this.avatar)},ut=Je(this.timestamp,this.compactMode,this.twentyFour)??void 0;return f`
			<slot name="reply"></slot>
			<div
				class=${He({"discord-message-inner":!0,"discord-message-inner-center":this.messageBodyOnly})}
			>
				${B(this.compactMode&&!this.messageBodyOnly,()=>f`<time datetime="${U(ut)}" class="discord-message-timestamp">${ut}</time>`,()=>null)}
				${B(this.messageBodyOnly,()=>f`<time
							datetime="${U(ut)}"
							class=${He({"discord-message-timestamp":!0,"discord-message-timestamp-hover":!0,"discord-message-body-only-indent":!this.compactMode})}
						></time>`,()=>null)}
				${B(this.compactMode||this.messageBodyOnly,()=>null,()=>f`<div class="discord-author-avatar">
							<img src="${U(T.avatar)}" alt="${U(T.author)}" />
						</div>`)}

				<div class="discord-message-content">
					${B(this.compactMode||this.messageBodyOnly,()=>null,()=>f`
							<discord-author-info
								author=${T.author??""}
								?bot=${T.bot??!1}
								?server=${T.server??!1}
								?official-app=${T.officialApp??!1}
								?verified=${T.verified??!1}
								?op=${T.op??!1}
								role-color=${T.roleColor??""}
								role-icon=${T.roleIcon??""}
								role-name=${T.roleName??""}
								clan-icon=${T.clanIcon??""}
								clan-tag=${T.clanTag??""}
							></discord-author-info
							><time datetime="${U(ut)}" class="discord-message-timestamp">${ut}</time>
						`)}
					<div class="discord-message-body">
						${B(this.compactMode,()=>f`<discord-author-info
									author=${T.author??""}
									?bot=${T.bot??!1}
									?server=${T.server??!1}
									?official-app=${T.officialApp??!1}
									?verified=${T.verified??!1}
									?op=${T.op??!1}
									role-color=${T.roleColor??""}
									role-icon=${T.roleIcon??""}
									role-name=${T.roleName??""}
									clan-icon=${T.clanIcon??""}
									clan-tag=${T.clanTag??""}
								></discord-author-info>`,()=>null)}<span class="discord-message-markup"><slot></slot></span>
						${B(this.edited,()=>f`<span class="discord-message-edited">(edited)</span>`,()=>null)}
					</div>
					<div class="discord-message-compact-indent">
						<slot name="attachments"></slot>
						<slot name="embeds"></slot>
						<slot name="components"></slot>
						<slot name="reactions"></slot>
						<slot name="thread"></slot>
						${B(this.ephemeral,()=>f`
								<div class="discord-message-ephemeral">
									${qi()} Only you can see this •
									<span
										role="button"
										class="discord-message-ephemeral-link"
										@click=${this.dismissMessageClicked}
										@keydown=${this.handleSpaceToDismissMessage}
										>Dismiss message</span
									>
								</div>
							`,()=>null)}
					</div>
				</div>
			</div>
		`}resolveAvatar(w){return w===void 0?Fe.default:Fe[w]??w??Fe.default}constructor(){super(...arguments),I(this,ls)}static{I(e,s)}};return ns=e})();var Os=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},Zi=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},r4=(()=>{let i=[L("discord-quote")],t,s=[],e,r=P,h,a=[],n=[];var v=class extends r{static{e=this}static{let d=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;h=[W({context:J,subscribe:!0}),y({type:Boolean,reflect:!0,attribute:"light-theme"})],Os(this,null,h,{kind:"accessor",name:"lightTheme",static:!1,private:!1,access:{has:l=>"lightTheme"in l,get:l=>l.lightTheme,set:(l,o)=>{l.lightTheme=o}},metadata:d},a,n),Os(null,t={value:e},i,{kind:"class",name:e.name,metadata:d},null,s),v=e=t.value,d&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:d})}static styles=N`
		:host {
			display: flex;
		}

		.discord-quote-divider {
			background-color: #4f545c;
			border-radius: 4px;
			font-size: 0.9em;
			font-style: normal;
			font-weight: 400;
			margin: 0;
			padding: 0;
			width: 4px;
		}

		:host([light-theme]) .discord-quote-divider {
			background-color: #c4c9ce;
		}

		blockquote {
			margin-block-end: unset;
			margin-block-start: unset;
			margin-inline-end: unset;
			margin-inline-start: unset;
			padding: 0 8px 0 12px;
		}
	`;#e=Zi(this,a,!1);get lightTheme(){return this.#e}set lightTheme(d){this.#e=d}render(){return f`
			<div class="discord-quote-divider"></div>
			<!-- display: inline -->
			<blockquote><slot></slot></blockquote>
		`}constructor(){super(...arguments),Zi(this,n)}static{Zi(e,s)}};return v=e})();var ia=C`
	<path
		fill="currentColor"
		d="M56 50.6667V13.3333C56 10.4 53.6 8 50.6667 8H13.3333C10.4 8 8 10.4 8 13.3333V50.6667C8 53.6 10.4 56 13.3333 56H50.6667C53.6 56 56 53.6 56 50.6667ZM22.6667 36L29.3333 44.0267L38.6667 32L50.6667 48H13.3333L22.6667 36Z"
	/>
`;function Wi(i={}){return f`<svg ${E(i)} aria-hidden="false" width="64" height="64" viewBox="0 0 64 64">${ia}</svg>`}var sa=C`
	<path
		fill="currentColor"
		fill-rule="evenodd"
		clip-rule="evenodd"
		d="M5 3C3.89543 3 3 3.89543 3 5V19C3 20.1046 3.89543 21 5 21H19C20.1046 21 21 20.1046 21 19V5C21 3.89543 20.1046 3 19 3H5ZM16.8995 8.41419L15.4853 6.99998L7 15.4853L8.41421 16.8995L16.8995 8.41419Z"
	/>
`;function Gi(i){return f`<svg ${E(i||{})} class="discord-command-icon" aria-hidden="false" width="24" height="24" viewBox="0 0 24 24">
		${sa}
	</svg>`}var ra=C`
	<path
		d="M0.809739 3.59646L5.12565 0.468433C5.17446 0.431163 5.23323 0.408043 5.2951 0.401763C5.35698 0.395482 5.41943 0.406298 5.4752 0.432954C5.53096 0.45961 5.57776 0.50101 5.61013 0.552343C5.64251 0.603676 5.65914 0.662833 5.6581 0.722939V2.3707C10.3624 2.3707 11.2539 5.52482 11.3991 7.21174C11.4028 7.27916 11.3848 7.34603 11.3474 7.40312C11.3101 7.46021 11.2554 7.50471 11.1908 7.53049C11.1262 7.55626 11.0549 7.56204 10.9868 7.54703C10.9187 7.53201 10.857 7.49695 10.8104 7.44666C8.72224 5.08977 5.6581 5.63359 5.6581 5.63359V7.28135C5.65831 7.34051 5.64141 7.39856 5.60931 7.44894C5.5772 7.49932 5.53117 7.54004 5.4764 7.5665C5.42163 7.59296 5.3603 7.60411 5.29932 7.59869C5.23834 7.59328 5.18014 7.57151 5.13128 7.53585L0.809739 4.40892C0.744492 4.3616 0.691538 4.30026 0.655067 4.22975C0.618596 4.15925 0.599609 4.08151 0.599609 4.00269C0.599609 3.92386 0.618596 3.84612 0.655067 3.77562C0.691538 3.70511 0.744492 3.64377 0.809739 3.59646Z"
		fill="currentColor"
	/>
`;function Ki(i={}){return f`<svg ${E(i)} class="discord-reply-icon" aria-hidden="false" width="12" height="8" viewBox="0 0 12 8">${ra}</svg>`}var X=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},q=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},C4=(()=>{let i=[L("discord-reply")],t,s=[],e,r=P,h,a=[],n=[],v,d=[],l=[],o,b=[],p=[],u,m=[],c=[],g,A=[],k=[],R,x=[],_=[],D,te=[],ie=[],se,ne=[],ce=[],de,me=[],fe=[],ve,pe=[],ue=[],ge,ze=[],_e=[],be,ye=[],Me=[],xe,O=[],$=[],F,j=[],H=[],Z,st=[],rt=[],at,ot=[],ht=[],lt,nt=[],ct=[],dt,mt=[],ft=[];var vt=class extends r{static{e=this}static{let V=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;h=[y()],v=[y()],o=[y()],u=[y({type:Boolean})],g=[y({type:Boolean})],R=[y({type:Boolean,attribute:"official-app"})],D=[y({type:Boolean})],se=[y({type:Boolean})],de=[y({type:Boolean})],ve=[y({attribute:"role-color"})],ge=[y({type:Boolean})],be=[y({type:Boolean})],xe=[y({type:Boolean})],F=[y({attribute:"clan-icon"})],Z=[y({attribute:"clan-tag"})],at=[y({type:Boolean,reflect:!0})],lt=[W({context:J}),y({type:Boolean,reflect:!0,attribute:"light-theme"})],dt=[W({context:Ve}),y({type:Boolean,reflect:!0,attribute:"compact-mode"})],X(this,null,h,{kind:"accessor",name:"profile",static:!1,private:!1,access:{has:M=>"profile"in M,get:M=>M.profile,set:(M,S)=>{M.profile=S}},metadata:V},a,n),X(this,null,v,{kind:"accessor",name:"author",static:!1,private:!1,access:{has:M=>"author"in M,get:M=>M.author,set:(M,S)=>{M.author=S}},metadata:V},d,l),X(this,null,o,{kind:"accessor",name:"avatar",static:!1,private:!1,access:{has:M=>"avatar"in M,get:M=>M.avatar,set:(M,S)=>{M.avatar=S}},metadata:V},b,p),X(this,null,u,{kind:"accessor",name:"bot",static:!1,private:!1,access:{has:M=>"bot"in M,get:M=>M.bot,set:(M,S)=>{M.bot=S}},metadata:V},m,c),X(this,null,g,{kind:"accessor",name:"server",static:!1,private:!1,access:{has:M=>"server"in M,get:M=>M.server,set:(M,S)=>{M.server=S}},metadata:V},A,k),X(this,null,R,{kind:"accessor",name:"officialApp",static:!1,private:!1,access:{has:M=>"officialApp"in M,get:M=>M.officialApp,set:(M,S)=>{M.officialApp=S}},metadata:V},x,_),X(this,null,D,{kind:"accessor",name:"op",static:!1,private:!1,access:{has:M=>"op"in M,get:M=>M.op,set:(M,S)=>{M.op=S}},metadata:V},te,ie),X(this,null,se,{kind:"accessor",name:"verified",static:!1,private:!1,access:{has:M=>"verified"in M,get:M=>M.verified,set:(M,S)=>{M.verified=S}},metadata:V},ne,ce),X(this,null,de,{kind:"accessor",name:"edited",static:!1,private:!1,access:{has:M=>"edited"in M,get:M=>M.edited,set:(M,S)=>{M.edited=S}},metadata:V},me,fe),X(this,null,ve,{kind:"accessor",name:"roleColor",static:!1,private:!1,access:{has:M=>"roleColor"in M,get:M=>M.roleColor,set:(M,S)=>{M.roleColor=S}},metadata:V},pe,ue),X(this,null,ge,{kind:"accessor",name:"command",static:!1,private:!1,access:{has:M=>"command"in M,get:M=>M.command,set:(M,S)=>{M.command=S}},metadata:V},ze,_e),X(this,null,be,{kind:"accessor",name:"attachment",static:!1,private:!1,access:{has:M=>"attachment"in M,get:M=>M.attachment,set:(M,S)=>{M.attachment=S}},metadata:V},ye,Me),X(this,null,xe,{kind:"accessor",name:"mentions",static:!1,private:!1,access:{has:M=>"mentions"in M,get:M=>M.mentions,set:(M,S)=>{M.mentions=S}},metadata:V},O,$),X(this,null,F,{kind:"accessor",name:"clanIcon",static:!1,private:!1,access:{has:M=>"clanIcon"in M,get:M=>M.clanIcon,set:(M,S)=>{M.clanIcon=S}},metadata:V},j,H),X(this,null,Z,{kind:"accessor",name:"clanTag",static:!1,private:!1,access:{has:M=>"clanTag"in M,get:M=>M.clanTag,set:(M,S)=>{M.clanTag=S}},metadata:V},st,rt),X(this,null,at,{kind:"accessor",name:"deleted",static:!1,private:!1,access:{has:M=>"deleted"in M,get:M=>M.deleted,set:(M,S)=>{M.deleted=S}},metadata:V},ot,ht),X(this,null,lt,{kind:"accessor",name:"lightTheme",static:!1,private:!1,access:{has:M=>"lightTheme"in M,get:M=>M.lightTheme,set:(M,S)=>{M.lightTheme=S}},metadata:V},nt,ct),X(this,null,dt,{kind:"accessor",name:"compactMode",static:!1,private:!1,access:{has:M=>"compactMode"in M,get:M=>M.compactMode,set:(M,S)=>{M.compactMode=S}},metadata:V},mt,ft),X(null,t={value:e},i,{kind:"class",name:e.name,metadata:V},null,s),vt=e=t.value,V&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:V})}static styles=N`
		:host {
			color: #b9bbbe;
			display: flex;
			font-size: 0.875rem;
			font-family: 'gg sans', 'Noto Sans', Whitney, 'Helvetica Neue', Helvetica, Roboto, Arial, sans-serif;

			padding-top: 2px;
			margin-left: 56px;
			margin-bottom: 4px;
			align-items: center;
			line-height: 1.125rem;
			position: relative;
			white-space: pre;
			user-select: none;
		}

		:host([light-theme]) {
			color: #4f5660;
		}

		:host([compact-mode]),
		:host([deleted]) {
			margin-left: 62px;
			margin-bottom: 0;
		}

		:host:before {
			content: '';
			display: block;
			position: absolute;
			top: 50%;
			right: 100%;
			bottom: 0;
			left: -36px;
			margin-right: 4px;
			margin-top: -1px;
			margin-left: -1px;
			margin-bottom: -2px;
			border-left: 2px solid #4f545c !important;
			border-bottom: 0 solid #4f545c !important;
			border-right: 0 solid #4f545c !important;
			border-top: 2px solid #4f545c !important;
			border-top-left-radius: 6px;
		}

		:host([light-theme]):before {
			border-color: #747f8d !important;
		}

		.discord-replied-message-avatar,
		.discord-reply-badge {
			-webkit-box-flex: 0;
			-ms-flex: 0 0 auto;
			flex: 0 0 auto;
			width: 16px;
			height: 16px;
			border-radius: 50%;
			user-select: none;
			margin-right: 0.25rem;
		}

		.discord-reply-badge {
			display: flex;
			align-items: center;
			justify-content: center;
			color: #b9bbbe;
			background: #202225;
		}

		:host([light-theme]) .discord-reply-badge {
			color: #4f5660;
			background: #e3e5e8;
		}

		:host .discord-clan-tag {
			background-color: oklab(0.431937 0.00109309 -0.0132537 / 0.8);
			color: #fff;
			font-size: 12px;
			font-weight: 500;
			margin-right: 0.25rem;
			border-radius: 4px;
			line-height: 100%;
			text-transform: uppercase;
			justify-content: space-between;
			display: inline-flex;
			align-items: center;
			padding: 0 0.275rem;
			margin-top: 0.075em;
			height: 1.2rem;
			opacity: 0.55;
			transition: background-color 100ms ease-in-out;
			cursor: pointer;
		}

		:host .discord-clan-tag:hover {
			background-color: oklab(0.431937 0.00109309 -0.0132537 / 0.5);
		}

		:host([light-theme]) .discord-clan-tag {
			opacity: 0.65;
			background-color: hsl(0 calc(1 * 0%) 0.8%/0.09);
			color: #000;
		}

		:host([light-theme]) .discord-clan-tag:hover {
			background-color: hsl(0 calc(1 * 0%) 0.8%/0.03);
		}

		:host .discord-clan-tag svg,
		:host .discord-clan-tag img {
			display: inline-flex;
			align-items: center;
			margin-right: 0.25rem;
			right: 0.25rem;
		}

		:host .discord-clan-tag span {
			display: inline-flex;
			align-items: center;
			user-select: none;
			-webkit-user-select: none;
			line-height: 1rem !important;
		}

		.discord-application-tag {
			background-color: hsl(235, 85.6%, 64.7%);
			color: #fff;
			font-size: 0.625rem;
			margin-right: 0.25rem;
			line-height: 100%;
			text-transform: uppercase;

			/* Use flex layout to ensure both verified icon and "BOT" text are aligned to center */
			display: flex;
			align-items: center;

			/* Styling taken through Inspect Element on Discord client for Windows */
			height: 0.9375rem;
			padding: 0 0.275rem;
			margin-top: 0.075em;
			border-radius: 0.1875rem;
		}

		:host([compact-mode]) .discord-application-tag {
			margin-right: 0.25rem;
		}

		.discord-application-tag .discord-application-tag-verified {
			width: 0.9375rem;
			height: 0.9375rem;
			margin-left: -0.1rem;
		}

		.discord-application-tag.discord-application-tag-op {
			background-color: #c9cdfb;
			color: #4752c4;
			border-radius: 0.4rem;
		}

		.discord-replied-message-username {
			flex-shrink: 0;
			font-size: inherit;
			line-height: inherit;
			margin-right: 0.25rem;
			opacity: 0.64;
			font-weight: 500;
			color: #fff;
		}

		.discord-replied-message-username:hover {
			text-decoration: underline;
			cursor: pointer;
		}

		.discord-replied-message-content {
			color: inherit;
			font-size: inherit;
			line-height: inherit;
			white-space: pre;
			text-overflow: ellipsis;
			user-select: none;
			cursor: pointer;
		}

		.discord-replied-deleted-message-content {
			color: inherit;
			font-size: inherit;
			line-height: inherit;
			white-space: pre;
			text-overflow: ellipsis;
		}

		.discord-message-edited {
			color: #72767d;
			font-size: 10px;
		}

		:host([light-theme]) .discord-message-edited {
			color: #99aab5;
		}

		.discord-replied-message-content:hover {
			color: #fff;
		}

		:host([light-theme]) .discord-replied-message-content:hover {
			color: #000;
		}

		:host .discord-replied-message-content .discord-message-edited {
			margin-left: 0.25rem;
		}

		.discord-replied-message-content-icon {
			-webkit-box-flex: 0;
			-ms-flex: 0 0 auto;
			flex: 0 0 auto;
			width: 20px;
			height: 20px;
			margin-left: 4px;
		}
	`;#e=q(this,a,void 0);get profile(){return this.#e}set profile(V){this.#e=V}#t=(q(this,n),q(this,d,"User"));get author(){return this.#t}set author(V){this.#t=V}#i=(q(this,l),q(this,b,void 0));get avatar(){return this.#i}set avatar(V){this.#i=V}#s=(q(this,p),q(this,m,!1));get bot(){return this.#s}set bot(V){this.#s=V}#r=(q(this,c),q(this,A,!1));get server(){return this.#r}set server(V){this.#r=V}#a=(q(this,k),q(this,x,!1));get officialApp(){return this.#a}set officialApp(V){this.#a=V}#o=(q(this,_),q(this,te,!1));get op(){return this.#o}set op(V){this.#o=V}#h=(q(this,ie),q(this,ne,!1));get verified(){return this.#h}set verified(V){this.#h=V}#l=(q(this,ce),q(this,me,!1));get edited(){return this.#l}set edited(V){this.#l=V}#n=(q(this,fe),q(this,pe,void 0));get roleColor(){return this.#n}set roleColor(V){this.#n=V}#c=(q(this,ue),q(this,ze,!1));get command(){return this.#c}set command(V){this.#c=V}#d=(q(this,_e),q(this,ye,!1));get attachment(){return this.#d}set attachment(V){this.#d=V}#m=(q(this,Me),q(this,O,!1));get mentions(){return this.#m}set mentions(V){this.#m=V}#f=(q(this,$),q(this,j,void 0));get clanIcon(){return this.#f}set clanIcon(V){this.#f=V}#v=(q(this,H),q(this,st,void 0));get clanTag(){return this.#v}set clanTag(V){this.#v=V}#p=(q(this,rt),q(this,ot,!1));get deleted(){return this.#p}set deleted(V){this.#p=V}#u=(q(this,ht),q(this,nt,!1));get lightTheme(){return this.#u}set lightTheme(V){this.#u=V}#g=(q(this,ct),q(this,mt,!1));get compactMode(){return this.#g}set compactMode(V){this.#g=V}resolveAvatar(V){return Fe[V]??V??Fe.default}render(){let V={author:this.author,bot:this.bot,verified:this.verified,officialApp:this.officialApp,op:this.op,server:this.server,roleColor:this.roleColor,clanIcon:this.clanIcon,clanTag:this.clanTag},M=Reflect.get(_i,this.profile)??{},S={...V,...M,avatar:this.resolveAvatar(M.avatar??this.avatar)},qe=bi(S.clanIcon),pt=S.clanTag?.slice(0,4),Dt=f`
			${B(S.bot&&!S.server&&!S.officialApp,()=>f`<span class="discord-application-tag">${S.verified?Oe():""}App</span>`)}
			${B(S.server&&!S.bot&&!S.officialApp,()=>f`<span class="discord-application-tag">Server</span>`)}
			${B(S.officialApp&&!S.server&&!S.bot,()=>f`<span class="discord-application-tag">${Oe()}OFFICIAL</span>`)}
		`;return f`${B(this.compactMode||this.deleted,()=>f`<div class="discord-reply-badge">${Ki()}</div>`,()=>f`<img class="discord-replied-message-avatar" src="${U(S.avatar)}" alt="${U(S.author)}" />`)}
		${B(this.deleted,()=>f`<div class="discord-replied-deleted-message-content"><em>Original message was deleted</em></div>`,()=>f`${Dt}
					<span class="discord-replied-message-username" style=${Ie({color:S.roleColor})}
						>${B(this.mentions,()=>"@")}${S.author}</span
					>
					${B(S.clanIcon&&S.clanTag&&S.clanTag?.length>0,()=>f`<span class="discord-clan-tag">
								${qe==="string"?f`<img
											srcset=${U(qe)}
											alt=${U(pt)}
											width="12"
											height="12"
											draggable="false"
										/>`:qe}
								<span>${pt}</span>
							</span>`)}
					<!-- display: inline -->
					<div class="discord-replied-message-content"
						><slot></slot>${B(this.edited,()=>f`<span class="discord-message-edited">(edited)</span>`)}</div
					>
					${B(this.command,()=>Gi({class:"discord-replied-message-content-icon"}),()=>B(this.attachment,()=>Wi({class:"discord-replied-message-content-icon"})))}`)}`}constructor(){super(...arguments),q(this,ft)}static{q(e,s)}};return vt=e})();var Qi=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},St=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},O4=(()=>{let i=[L("discord-spoiler")],t,s=[],e,r=P,h,a=[],n=[],v,d=[],l=[];var o=class extends r{static{e=this}static{let b=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;h=[y({type:Boolean,reflect:!0})],v=[W({context:J}),y({type:Boolean,reflect:!0,attribute:"light-theme"})],Qi(this,null,h,{kind:"accessor",name:"activated",static:!1,private:!1,access:{has:p=>"activated"in p,get:p=>p.activated,set:(p,u)=>{p.activated=u}},metadata:b},a,n),Qi(this,null,v,{kind:"accessor",name:"lightTheme",static:!1,private:!1,access:{has:p=>"lightTheme"in p,get:p=>p.lightTheme,set:(p,u)=>{p.lightTheme=u}},metadata:b},d,l),Qi(null,t={value:e},i,{kind:"class",name:e.name,metadata:b},null,s),o=e=t.value,b&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:b})}static styles=N`
		:host {
			background-color: #202225;
			border-radius: 3px;
			color: transparent;
			cursor: pointer;
		}

		:host([light-theme]) {
			background-color: #c4c9ce;
		}

		:host(:hover) {
			background-color: rgba(32, 34, 37, 0.8);
		}

		:host([light-theme]:hover) {
			background-color: #cfd3d7;
		}

		:host([activated]) {
			color: inherit;
			background-color: hsla(0, 0%, 100%, 0.1);
		}

		:host([light-theme][activated]) {
			background-color: #e5e5e5;
		}
	`;#e=St(this,a,!1);get activated(){return this.#e}set activated(b){this.#e=b}#t=(St(this,n),St(this,d,!1));get lightTheme(){return this.#t}set lightTheme(b){this.#t=b}render(){return f`<slot
			@click=${()=>{this.activated=!0}}
			@keydown=${()=>{this.activated=!0}}
		></slot>`}constructor(){super(...arguments),St(this,l)}static{St(e,s)}};return o=e})();var Is=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},Yi=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},U4=(()=>{let i=[L("discord-subscript")],t,s=[],e,r=P,h,a=[],n=[];var v=class extends r{static{e=this}static{let d=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;h=[W({context:J}),y({type:Boolean,reflect:!0,attribute:"light-theme"})],Is(this,null,h,{kind:"accessor",name:"lightTheme",static:!1,private:!1,access:{has:l=>"lightTheme"in l,get:l=>l.lightTheme,set:(l,o)=>{l.lightTheme=o}},metadata:d},a,n),Is(null,t={value:e},i,{kind:"class",name:e.name,metadata:d},null,s),v=e=t.value,d&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:d})}static styles=N`
		small {
			display: block;
			color: color-mix(in oklab, hsl(214 calc(1 * 8.1%) 61.2% / 1) 100%, black 0%);
			font-size: 0.8125rem;
			line-height: 1.11719rem;
		}

		:host([light-theme]) > small {
			color: color-mix(in oklab, hsl(228 calc(1 * 5.2%) 38% / 1) 100%, black 0%);
		}
	`;#e=Yi(this,a,!1);get lightTheme(){return this.#e}set lightTheme(d){this.#e=d}render(){return f`
			<small>
				<span>
					<slot></slot>
				</span>
			</small>
		`}constructor(){super(...arguments),Yi(this,n)}static{Yi(e,s)}};return v=e})();var aa=function(i,t,s,e,r,h){function a(g){if(g!==void 0&&typeof g!="function")throw new TypeError("Function expected");return g}for(var n=e.kind,v=n==="getter"?"get":n==="setter"?"set":"value",d=!t&&i?e.static?i:i.prototype:null,l=t||(d?Object.getOwnPropertyDescriptor(d,e.name):{}),o,b=!1,p=s.length-1;p>=0;p--){var u={};for(var m in e)u[m]=m==="access"?{}:e[m];for(var m in e.access)u.access[m]=e.access[m];u.addInitializer=function(g){if(b)throw new TypeError("Cannot add initializers after decoration has completed");h.push(a(g||null))};var c=(0,s[p])(n==="accessor"?{get:l.get,set:l.set}:l[v],u);if(n==="accessor"){if(c===void 0)continue;if(c===null||typeof c!="object")throw new TypeError("Object expected");(o=a(c.get))&&(l.get=o),(o=a(c.set))&&(l.set=o),(o=a(c.init))&&r.unshift(o)}else(o=a(c))&&(n==="field"?r.unshift(o):l[v]=o)}d&&Object.defineProperty(d,e.name,l),b=!0},oa=function(i,t,s){for(var e=arguments.length>2,r=0;r<t.length;r++)s=e?t[r].call(i,s):t[r].call(i);return e?s:void 0},G4=(()=>{let i=[L("discord-time")],t,s=[],e,r=P;var h=class extends r{static{e=this}static{let a=typeof Symbol=="function"&&Symbol.metadata?Object.create(r[Symbol.metadata]??null):void 0;aa(null,t={value:e},i,{kind:"class",name:e.name,metadata:a},null,s),h=e=t.value,a&&Object.defineProperty(e,Symbol.metadata,{enumerable:!0,configurable:!0,writable:!0,value:a})}static styles=N`
		:host {
			white-space: nowrap;
			background-color: #ffffff0f;
			border-radius: 3px;
			padding: 0 2px;
		}
	`;render(){return f`<slot></slot>`}static{oa(e,s)}};return h=e})();var ha=he(class extends re{constructor(){super(...arguments),this.key=G}render(i,t){return this.key=i,t}update(i,[t,s]){return t!==this.key&&(Qe(i),this.key=t),s}});var la=he(class extends re{constructor(i){if(super(i),i.type!==oe.PROPERTY&&i.type!==oe.ATTRIBUTE&&i.type!==oe.BOOLEAN_ATTRIBUTE)throw Error("The `live` directive is not allowed on child or event bindings");if(!Gt(i))throw Error("`live` bindings can only contain a single expression")}render(i){return i}update(i,[t]){if(t===ee||t===G)return t;let s=i.element,e=i.name;if(i.type===oe.PROPERTY){if(t===s[e])return ee}else if(i.type===oe.BOOLEAN_ATTRIBUTE){if(!!t===s.hasAttribute(e))return ee}else if(i.type===oe.ATTRIBUTE&&s.getAttribute(e)===t+"")return ee;return Qe(i),t}});var Ps=(i,t,s)=>{let e=new Map;for(let r=t;r<=s;r++)e.set(i[r],r);return e},na=he(class extends re{constructor(i){if(super(i),i.type!==oe.CHILD)throw Error("repeat() can only be used in text expressions")}dt(i,t,s){let e;s===void 0?s=t:t!==void 0&&(e=t);let r=[],h=[],a=0;for(let n of i)r[a]=e?e(n,a):a,h[a]=s(n,a),a++;return{values:h,keys:r}}render(i,t,s){return this.dt(i,t,s).values}update(i,[t,s,e]){let r=Cs(i),{values:h,keys:a}=this.dt(t,s,e);if(!Array.isArray(r))return this.ut=a,h;let n=this.ut??=[],v=[],d,l,o=0,b=r.length-1,p=0,u=h.length-1;for(;o<=b&&p<=u;)if(r[o]===null)o++;else if(r[b]===null)b--;else if(n[o]===a[p])v[p]=De(r[o],h[p]),o++,p++;else if(n[b]===a[u])v[u]=De(r[b],h[u]),b--,u--;else if(n[o]===a[u])v[u]=De(r[o],h[u]),Ke(i,v[u+1],r[o]),o++,u--;else if(n[b]===a[p])v[p]=De(r[b],h[p]),Ke(i,r[o],r[b]),b--,p++;else if(d===void 0&&(d=Ps(a,p,u),l=Ps(n,o,b)),d.has(n[o]))if(d.has(n[b])){let m=l.get(a[p]),c=m!==void 0?r[m]:null;if(c===null){let g=Ke(i,r[o]);De(g,h[p]),v[p]=g}else v[p]=De(c,h[p]),Ke(i,r[o],c),r[m]=null;p++}else Kt(r[b]),b--;else Kt(r[o]),o++;for(;p<=u;){let m=Ke(i,v[u+1]);De(m,h[p]),v[p++]=m}for(;o<=b;){let m=r[o++];m!==null&&Kt(m)}return this.ut=a,Qe(i,v),ee}});export{He as classMap,N as css,f as html,U as ifDefined,ha as keyed,la as live,G as nothing,Ai as render,na as repeat,Ie as styleMap,C as svg};
